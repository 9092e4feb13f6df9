"""What stays although it is not declared: said once for all objects that it is true of."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from database_users.plan import Change, Finding, Statement
from database_users.postgres.planners.inside import Inside
from database_users.postgres.statements import some, words


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """`objects` of an owner whom the master cannot act for."""

    owner: str
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnlyGrantor:
    """`grantee`, as people call it, has of `grantor` what the master cannot take back."""

    grantor: str
    grantee: str
    count: int


@dataclass(frozen=True, slots=True)
class NotManaged:
    """A role of somebody else has privileges on `count` objects."""

    grantee: str
    count: int


@dataclass(frozen=True, slots=True)
class Promised:
    """A role of somebody else gets privileges on things of one kind that `owner` will create."""

    grantee: str
    owner: str
    kind: str


@dataclass(frozen=True, slots=True)
class Given:
    """Everyone has `privileges` on `objects` of one kind, which `keeper` gives it."""

    keeper: str
    privileges: frozenset[str]
    kind: str
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftToEveryone:
    """Everyone has `privileges` on `objects` of one kind, which belong to somebody else."""

    owner: str
    privileges: frozenset[str]
    kind: str
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definers:
    """Whoever calls one of `functions` does what `owner` may do."""

    owner: str
    functions: tuple[str, ...]


Kept = OutOfReach | OnlyGrantor | NotManaged | Promised | Given | LeftToEveryone | Definers


def summed_up(inside: Inside, changes: Iterable[Change | Kept]) -> Iterator[Change]:
    """`changes`, and then a finding for each owner, grantor and role of what is kept."""
    out_of_reach: defaultdict[str, set[str]] = defaultdict(set)
    only_grantor: Counter[tuple[str, str]] = Counter()
    not_managed: Counter[str] = Counter()
    promised: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    given: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    left: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    definers: defaultdict[str, set[str]] = defaultdict(set)
    for change in changes:
        match change:
            case Statement() | Finding():
                yield change
            case OutOfReach():
                out_of_reach[change.owner].update(change.objects)
            case OnlyGrantor():
                only_grantor[change.grantor, change.grantee] += change.count
            case NotManaged():
                not_managed[change.grantee] += change.count
            case Promised():
                promised[change.grantee, change.owner].add(f"{change.kind}s")
            case Given():
                key = change.keeper, words(change.privileges), change.kind
                given[key].update(change.objects)
            case LeftToEveryone():
                left[change.owner, words(change.privileges), change.kind].update(change.objects)
            case Definers():
                definers[change.owner].update(change.functions)
    name, master = inside.database.name, inside.comparison.server.master
    for owner, objects in sorted(out_of_reach.items()):
        yield Finding(
            f"{name}: {len(objects)} objects of {owner} keep the privileges that they have"
            f" ({some(objects)}): {master} has no ADMIN OPTION on {owner}"
        )
    for (grantor, grantee), count in sorted(only_grantor.items()):
        yield Finding(
            f"{name}: {grantee} keeps privileges on {count} objects that {grantor} granted and"
            f" only {grantor} can revoke"
        )
    for (keeper, privileges, kind), objects in sorted(given.items()):
        yield Finding(
            f"{name}: everyone (PUBLIC) has {privileges} on {len(objects)} {kind}s"
            f" ({some(objects)}), which {keeper} gave it"
        )
    for (owner, privileges, kind), objects in sorted(left.items()):
        yield Finding(
            f"{name}: everyone (PUBLIC) keeps {privileges} on {len(objects)} {kind}s of {owner}"
            f" ({some(objects)}), the users declared here among them: give it to those who need it"
            " by name, then REVOKE it FROM PUBLIC"
        )
    for owner, functions in sorted(definers.items()):
        yield Finding(
            f"{name}: whoever calls one of {len(functions)} functions ({some(functions)}) does what"
            f" {owner} may do (SECURITY DEFINER)"
        )
    for grantee, count in sorted(not_managed.items()):
        yield Finding(
            f"{name}: {grantee} is not managed here and keeps privileges on {count} objects"
        )
    for (grantee, owner), kinds in sorted(promised.items()):
        yield Finding(
            f"{name}: {grantee} is not managed here and gets privileges on {words(kinds)} that"
            f" {owner} will create"
        )
