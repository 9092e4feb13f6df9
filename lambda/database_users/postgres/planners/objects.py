"""What to do to the privileges on the objects of a database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from database_users.plan import Change, Statement
from database_users.postgres.acting import grants_as
from database_users.postgres.catalog.contents import ObjectGroup
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.excess import Excess
from database_users.postgres.planners.handover import OWNER_OF_EACH
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import (
    Definers,
    Given,
    Kept,
    LeftToEveryone,
    NotManaged,
    OnlyGrantor,
    OutOfReach,
)
from database_users.postgres.privileges import PUBLIC, held
from database_users.postgres.sql import identifier, identifiers
from database_users.postgres.statements import (
    KEYWORDS,
    VERBS,
    grantee_name,
    grantee_sql,
    some,
    words,
)

_Revocation = tuple[bool, str, frozenset[str], str]
# by the owner, verb, privileges, for a grantor


def schemas_for_owner(inside: Inside) -> Iterator[Change | Kept]:
    """First of all: a function can be handed to an owner who may create in its schema."""
    owner = inside.database.owner
    wanted = inside.wanted("schema")[owner]
    for group in inside.contents.objects:
        if group.kind != "schema" or group.keeper:
            continue
        excess = Excess(inside, group)
        its_own = excess.now == owner
        missing = wanted - held(excess.with_owner if its_own else excess.remaining, owner)
        if not missing or (its_own and group.owner_has is None):
            continue
        if inside.comparison.can_act_as(excess.now):
            yield _given(inside, missing, group, [owner], excess.now)
        else:
            yield OutOfReach(excess.now, group.names)


def object_privileges(inside: Inside) -> Iterator[Change | Kept]:
    """Takes what is too much from our roles and from PUBLIC, and gives what is lacking."""
    for group in inside.contents.objects:
        excess = Excess(inside, group)
        yield from _of_the_same(chain(_less(excess), () if group.keeper else _more(excess)))
        if group.keeper:
            continue
        disarmed = excess.then != excess.now and excess.now in inside.comparison.managed
        if group.definer and not disarmed:
            yield Definers(excess.then, group.names)
        if group.kind != "column" and excess.then in inside.comparison.others:
            yield NotManaged(excess.then, len(group.names))


def _of_the_same(changes: Iterable[Change | Kept]) -> Iterator[Change | Kept]:
    """What goes along with a revocation is given anew in the same transaction."""
    first = True
    for change in changes:
        if isinstance(change, Statement) and not first:
            change = replace(change, objects=0)
        first = first and not isinstance(change, Statement)
        yield change


def _less(excess: Excess) -> Iterator[Change | Kept]:
    inside, group = excess.inside, excess.group
    comparison = inside.comparison
    revoked: defaultdict[_Revocation, list[str]] = defaultdict(list)
    for listed in group.acl:
        if listed.grantee in (excess.then, excess.now) or listed.grantee in comparison.removed:
            continue
        if listed.grantee != PUBLIC and listed.grantee not in comparison.managed:
            if not group.keeper or listed.grantee == OWNER_OF_EACH:
                yield NotManaged(listed.grantee, len(group.names))
            continue
        grant = excess.by_itself(listed)
        too_much, may_pass_on = excess.of(grant)
        if grant.grantee == PUBLIC and (kept := excess.kept_by_everyone(grant)):
            yield LeftToEveryone(excess.then, kept, group.kind, group.names)
        if too_much and grant.grantee == PUBLIC and group.keeper:
            yield Given(group.keeper, too_much, group.kind, group.names)
            continue
        if not (too_much or may_pass_on):
            continue
        by_owner = grant.grantor == group.owner
        grantor = excess.grantor(grant)
        if not comparison.can_act_as(grantor):
            if by_owner:
                yield OutOfReach(excess.now, group.names)
            else:
                yield OnlyGrantor(grantor, grantee_name(grant.grantee), len(group.names))
            continue
        for verb, privileges in (("REVOKE", too_much), ("REVOKE GRANT OPTION FOR", may_pass_on)):
            if privileges:
                revoked[by_owner, verb, privileges, grantor].append(grant.grantee)
    for revocation in sorted(revoked, key=lambda revocation: revocation[:2]):
        by_owner, verb, privileges, grantor = revocation
        role = executor(comparison, group, grantor, by_owner)
        yield on_objects(
            inside.database.name, verb, privileges, group, revoked[revocation], grantor, role
        )


def _more(excess: Excess) -> Iterator[Change | Kept]:
    inside, group, then = excess.inside, excess.group, excess.then
    if group.kind == "column":
        return  # the table's own privileges say it
    grantees = [inside.database.reader, inside.database.writer]
    if group.kind != "schema":  # that is done first of all
        grantees.append(inside.database.owner)
    if then in grantees and group.owner_has is None:
        grantees.remove(then)
    acl = excess.with_owner
    for privileges, lacking in inside.lacking(group.kind, acl, grantees).items():
        if inside.comparison.can_act_as(then):
            yield _given(inside, privileges, group, lacking, then)
        elif not privileges <= held(acl, PUBLIC):
            yield OutOfReach(excess.now, group.names)


def _given(
    inside: Inside,
    privileges: frozenset[str],
    group: ObjectGroup,
    grantees: Sequence[str],
    grantor: str,
) -> Statement:
    name = inside.database.name
    role = executor(inside.comparison, group, grantor, by_owner=True)
    return on_objects(name, "GRANT", privileges, group, grantees, grantor, role)


def executor(comparison: Comparison, group: ObjectGroup, grantor: str, by_owner: bool) -> str:
    """The role to run a statement as that is to be `grantor`'s, who is the owner or not."""
    role = grants_as(comparison, grantor, group.acl)
    return OWNER_OF_EACH if role and by_owner and group.owner == OWNER_OF_EACH else role


def on_objects(
    name: str,
    verb: str,
    privileges: frozenset[str],
    group: ObjectGroup,
    grantees: Sequence[str],
    grantor: str,
    role: str,
) -> Statement:
    """The statement that does `verb` to `privileges` on all of `group`, for `grantor` as `role`."""
    ordered = sorted(privileges)
    if group.columns:
        ordered = [f"{privilege} ({identifiers(*group.columns)})" for privilege in ordered]
    gives = verb == "GRANT"
    to = ", ".join(map(grantee_sql, grantees))
    what = f"{group.kind}s" if len(group.columns or group.names) > 1 else group.kind
    whose = f"{some(group.columns)} of " if group.columns else ""
    where = f" in {group.schema}" if group.schema else ""
    return Statement(
        name,
        f"{verb} {', '.join(ordered)} ON {KEYWORDS[group.kind]}"
        f" {', '.join(_qualified(group, item) for item in group.names)}"
        f" {'TO' if gives else 'FROM'} {to}{'' if gives else ' CASCADE'}",
        f"{name}: {', '.join(map(grantee_name, grantees))}"
        f" {VERBS[verb]} {words(privileges)} on the {what}"
        f" {whose}{some(group.names)}{where}",
        role,
        (grantor,),
        len(group.names),
    )


def _qualified(group: ObjectGroup, name: str) -> str:
    if group.kind in ("routine", "large object"):
        return name  # a signature, which the server quoted, or a number
    return (
        identifier(name)
        if group.schema is None
        else f"{identifier(group.schema)}.{identifier(name)}"
    )
