"""What to do to the privileges on the objects of a database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from database_users.plan import Change, Statement
from database_users.postgres.acting import grants_as
from database_users.postgres.catalog.contents import ObjectGroup
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import (
    Given,
    Kept,
    NotManaged,
    OnlyGrantor,
    OutOfReach,
)
from database_users.postgres.privileges import NONE, PUBLIC, held
from database_users.postgres.sql import identifier, identifiers
from database_users.postgres.statements import (
    KEYWORDS,
    VERBS,
    grantee_name,
    grantee_sql,
    some,
    words,
)

OBJECTS_A_STATEMENT = 200
_Revocation = tuple[bool, str, frozenset[str], str, str]
# by the owner, verb, privileges, as a role, for a grantor


def schemas_for_owner(inside: Inside) -> Iterator[Change | Kept]:
    """First of all: a function can be handed to an owner who may create in its schema."""
    owner = inside.database.owner
    wanted = inside.wanted("schema")[owner]
    for group in inside.contents.objects:
        now = inside.owner_now(group.owner)
        missing = wanted - held(group.acl, owner)
        if group.kind == "schema" and not group.keeper and now != owner and missing:
            if inside.comparison.can_act_as(now):
                yield from _given(inside, missing, group, [owner], now)
            else:
                yield OutOfReach(inside.owner_now(group.owner), group.names)


def object_privileges(inside: Inside) -> Iterator[Change | Kept]:
    """Takes what is too much from our roles and from PUBLIC, and gives what is lacking."""
    for group in inside.contents.objects:
        yield from _less(inside, group)
        if not group.keeper:
            yield from _more(inside, group)


def _less(inside: Inside, group: ObjectGroup) -> Iterator[Change | Kept]:
    comparison = inside.comparison
    now, then = inside.owner_now(group.owner), inside.owner_then(group)
    # What an extension gives everyone on its own objects is not held against its owner.
    allowed = inside.allowed(group.kind, "" if group.keeper else then)
    excess: defaultdict[_Revocation, list[str]] = defaultdict(list)
    for grant in group.acl:
        if grant.grantee in (then, now) or grant.grantee in comparison.removed:
            continue
        if grant.grantee != PUBLIC and grant.grantee not in comparison.managed:
            if not group.keeper:
                yield NotManaged(grant.grantee, len(group.names))
            continue
        too_much = grant.privileges - allowed.get(grant.grantee, NONE)
        if too_much and grant.grantee == PUBLIC and group.keeper:
            yield Given(group.keeper, too_much, group.kind, group.names)
            continue
        may_pass_on = grant.grantable - too_much
        by_owner = grant.grantor == group.owner
        if not (too_much or may_pass_on) or (not by_owner and grant.grantor in comparison.managed):
            continue  # what a managed role passed on goes with its grant option
        grantor = then if by_owner else grant.grantor
        if not comparison.can_act_as(grantor):
            if by_owner:
                yield OutOfReach(inside.owner_now(group.owner), group.names)
            else:
                yield OnlyGrantor(grantor, grantee_name(grant.grantee), len(group.names))
            continue
        role = grants_as(comparison, grantor, group.acl)
        for verb, privileges in (("REVOKE", too_much), ("REVOKE GRANT OPTION FOR", may_pass_on)):
            if privileges:
                excess[by_owner, verb, privileges, role, grantor].append(grant.grantee)
    # Another grantor's first: the owner's CASCADE may take its grant option.
    for revocation in sorted(excess, key=lambda revocation: revocation[:2]):
        _, verb, privileges, _, grantor = revocation
        yield from on_objects(
            comparison, inside.database.name, verb, privileges, group, excess[revocation], grantor
        )


def _more(inside: Inside, group: ObjectGroup) -> Iterator[Change | Kept]:
    if group.kind == "column":
        return  # the table's own privileges say it
    then = inside.owner_then(group)
    grantees = [inside.database.reader, inside.database.writer]
    if group.kind != "schema":  # that is done first of all
        grantees.append(inside.database.owner)
    others = [grantee for grantee in grantees if grantee != then]
    for privileges, lacking in inside.lacking(group.kind, group.acl, others).items():
        if inside.comparison.can_act_as(then):
            yield from _given(inside, privileges, group, lacking, then)
        elif not privileges <= held(group.acl, PUBLIC):
            yield OutOfReach(inside.owner_now(group.owner), group.names)


def _given(
    inside: Inside,
    privileges: frozenset[str],
    group: ObjectGroup,
    grantees: Sequence[str],
    grantor: str,
) -> Iterator[Statement]:
    name = inside.database.name
    return on_objects(inside.comparison, name, "GRANT", privileges, group, grantees, grantor)


def on_objects(
    comparison: Comparison,
    name: str,
    verb: str,
    privileges: frozenset[str],
    group: ObjectGroup,
    grantees: Sequence[str],
    grantor: str,
) -> Iterator[Statement]:
    """The statements that do `verb` to `privileges` on all of `group`, as `grantor`."""
    ordered = sorted(privileges)
    names = group.names
    if group.columns:
        ordered = [f"{privilege} ({identifiers(*group.columns)})" for privilege in ordered]
    gives = verb == "GRANT"
    to = ", ".join(map(grantee_sql, grantees))
    for start in range(0, len(names), OBJECTS_A_STATEMENT):
        some_names = names[start : start + OBJECTS_A_STATEMENT]
        what = f"{group.kind}s" if len(group.columns or some_names) > 1 else group.kind
        whose = f"{some(group.columns)} of " if group.columns else ""
        where = f" in {group.schema}" if group.schema else ""
        yield Statement(
            name,
            f"{verb} {', '.join(ordered)} ON {KEYWORDS[group.kind]}"
            f" {', '.join(_qualified(group, item) for item in some_names)}"
            f" {'TO' if gives else 'FROM'} {to}{'' if gives else ' CASCADE'}",
            f"{name}: {', '.join(map(grantee_name, grantees))}"
            f" {VERBS[verb]} {words(privileges)} on the {what}"
            f" {whose}{some(some_names)}{where}",
            grants_as(comparison, grantor, group.acl),
            (grantor,),
        )


def _qualified(group: ObjectGroup, name: str) -> str:
    if group.kind in ("routine", "large object"):
        return name  # a signature, which the server quoted, or a number
    return (
        identifier(name)
        if group.schema is None
        else f"{identifier(group.schema)}.{identifier(name)}"
    )
