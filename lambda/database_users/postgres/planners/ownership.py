"""Whose objects come to belong to somebody else: those of removed users and of old owners."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from database_users.plan import Change, Finding, Planned, Statement, parted, together
from database_users.postgres.acting import acting
from database_users.postgres.cascade import by_itself, left_after, without
from database_users.postgres.catalog.contents import Contents, ObjectGroup, Owned
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import handed_over
from database_users.postgres.planners.handover import Handover, altered, disarmed
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.lookup import lent
from database_users.postgres.planners.objects import executor, on_objects
from database_users.postgres.planners.shared import given_to_master
from database_users.postgres.privileges import Grant
from database_users.postgres.sql import identifier
from database_users.postgres.statements import some


def databases_to_hand_over(comparison: Comparison) -> frozenset[str]:
    """The databases in which a removed user holds something."""
    return frozenset(
        holding.database
        for login in comparison.removed
        for holding in comparison.server.holdings_by_role.get(login, ())
        if holding.database
    )


def holders(comparison: Comparison, name: str) -> tuple[str, ...]:
    """The removed users that hold something in `name`."""
    held = comparison.server.holdings_by_database.get(name, ())
    roles = {holding.role for holding in held}
    return tuple(login for login in comparison.removed if login in roles)


def freed(comparison: Comparison, name: str, contents: Contents, objects: int) -> Iterator[Planned]:
    """What removed users hold in `name`: one that cannot be freed of it stops no other.

    What they own is handed over first, so that nothing is dropped with them, in transactions about
    so many `objects`: to the master, where the database's owner is out of reach.
    """
    owner = comparison.owner_of(name)
    if name in comparison.declared:
        owner = comparison.declared[name].owner
    elif not comparison.can_act_as(owner):
        owner = comparison.server.master
    left: list[str] = []
    for login in holders(comparison, name):
        handover = Handover(comparison, name, owner, contents, frozenset({*left, login}))
        parts = [
            list(lent(handover, part, keeps=(login,)))
            for part in parted(_freed(handover, login, left), objects)
        ] or [[]]
        if not any(isinstance(change, Finding) for part in parts for change in part):
            parts[-1] += _rest(handover, login, left)
        for part in parts:
            yield from together(
                acting(comparison, name, part),
                may_fail=True,
                of=(("database", name), ("user", login)),
                rivals=comparison.rivals(owner),
            )
        left.append(login)


def _freed(handover: Handover, login: str, left: Sequence[str]) -> Iterator[Change]:
    comparison, name = handover.comparison, handover.name
    yield from _stuck(handover, login)
    for one in handover.moved:
        if one.role == login and one.kind != "extension":
            yield from _altered(handover, one)
    yield from _revoked(handover, login, left)
    holdings = comparison.server.holdings_by_role.get(login, ())
    if any(one.of_server for one in holdings if one.database == name):
        yield Finding(
            f"{name}: {login} is named in access lists of PostgreSQL's own objects, which only"
            " the server's superuser can change: it cannot be dropped",
            (login,),
        )
    owners = _owners_of_mentions(handover, login, left)
    out_of_reach = [one for one in owners if not comparison.can_act_as(one)]
    if out_of_reach:
        yield Finding(
            f"{name}: {login} is named in policies, or temporary things, of {some(out_of_reach)},"
            f" on whom {comparison.server.master} has no ADMIN OPTION: it cannot be dropped",
            (login,),
        )


def _rest(handover: Handover, login: str, left: Sequence[str]) -> Iterator[Statement]:
    """What only these statements do: extensions, default privileges, mentions, user mappings."""
    yield from _reassigned(handover, login)
    yield Statement(
        handover.name,
        f"DROP OWNED BY {identifier(login)}",
        f"{handover.name}: {login} has no privilege any more",
        acts_for=(login, *_owners_of_mentions(handover, login, left)),
    )


def _owners_of_mentions(handover: Handover, login: str, left: Sequence[str]) -> list[str]:
    owners = {one.owner for one in handover.contents.mentions if one.role == login}
    return sorted({handover.owner if owner in (*left, login) else owner for owner in owners})


def _revoked(handover: Handover, login: str, left: Sequence[str]) -> Iterator[Change]:
    """Takes every grant from `login`, as whoever made it: DROP OWNED takes the owner's alone."""
    comparison, name = handover.comparison, handover.name
    unreachable: defaultdict[str, int] = defaultdict(int)
    for group in handover.contents.objects:
        for grant, grantor in _grants(handover, group, login, left):
            if comparison.can_act_as(grantor):
                role = executor(comparison, group, grantor, grant.grantor == group.owner)
                yield on_objects(name, "REVOKE", grant.privileges, group, [login], grantor, role)
            else:
                unreachable[grantor] += len(group.names)
    for grantor, count in sorted(unreachable.items()):
        yield Finding(
            f"{name}: {login} keeps privileges on {count} objects that {grantor} granted and only"
            f" {grantor} can revoke: it cannot be dropped",
            (login,),
        )


def _grants(
    handover: Handover, group: ObjectGroup, login: str, left: Sequence[str]
) -> Iterator[tuple[Grant, str]]:
    """Each grant to `login` that goes along with no other, and who can take it back."""
    then = handover.owner_then(group)

    def grantor(grant: Grant) -> str:
        return then if grant.grantor == group.owner else grant.grantor

    def taken_from(roles: Sequence[str]) -> Callable[[Grant], Grant]:
        def taken(grant: Grant) -> Grant:
            goes = grant.grantee in roles and handover.comparison.can_act_as(grantor(grant))
            return without(grant, grant.privileges) if goes else grant

        return taken

    if handover.owner_now(group.owner) == login:
        return
    acl = left_after(group.acl, group.owner, taken_from(left))
    for grant in acl:
        if grant.grantee == login:
            alone = by_itself(grant, acl, group.owner, taken_from([login]))
            if alone.privileges:
                yield alone, grantor(grant)


def adopted(inside: Inside) -> Iterator[Change]:
    """Gives the objects of old owners, and of our roles that own nothing, to the owner role."""
    handover, comparison = inside.handover, inside.comparison
    staying = handover.roles - set(comparison.removed)
    for role in sorted(staying):
        yield from _stuck(handover, role)
    extending: set[str] = set()
    for one in handover.moved:
        if one.role in staying and one.kind != "extension":
            yield from _altered(handover, one)
        elif one.role in staying:
            extending.add(one.role)
    for role in sorted(extending):
        yield from _reassigned(handover, role)


def _stuck(handover: Handover, role: str) -> Iterator[Finding]:
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for one, why in handover.stuck:
        if one.role == role:
            reasons[why].append(f"{one.kind} {one.sql}")
    for why, things in sorted(reasons.items()):
        yield Finding(
            f"{handover.name}: {len(things)} objects of {role} are not taken over"
            f" ({some(things)}): {why}",
            (role,),
        )


def _altered(handover: Handover, one: Owned) -> Iterator[Statement]:
    """What one of ours wrote does nothing as the next owner, who may do more."""
    name, owner = handover.name, handover.owner
    sql = disarmed(one) if one.role in handover.comparison.managed else ""
    if sql:
        sentence = f"{name}: the {one.kind} {one.sql} does what its caller may do"
        yield Statement(name, sql, sentence, acts_for=(one.role,))
    yield Statement(
        name,
        f"ALTER {altered(one)} OWNER TO {identifier(owner)}",
        f"{name}: the {one.kind} {one.sql} belongs to {owner}, no longer to {one.role}",
        acts_for=(one.role, owner),
        objects=0 if sql else 1,
    )


def _reassigned(handover: Handover, role: str) -> Iterator[Statement]:
    """No other statement gives an extension to somebody else.

    It gives all databases and tablespaces of `role` along. They went to others before; where that
    failed they do now, or this does not happen.
    """
    comparison, name, owner = handover.comparison, handover.name, handover.owner
    for existing in comparison.server.databases.values():
        if existing.owner == role and existing.name != name:
            yield replace(handed_over(comparison, existing), database=name)
    for shared in comparison.server.shared:
        if shared.owner == role and shared.kind == "tablespace":
            yield replace(given_to_master(shared), database=name)
    yield Statement(
        name,
        f"REASSIGN OWNED BY {identifier(role)} TO {identifier(owner)}",
        f"{name}: whatever else {role} owns belongs to {owner} now",
        acts_for=(role, owner),
    )
