"""What to do to default privileges: what objects that somebody will create grant to others."""

from collections.abc import Iterator, Sequence

from database_users.plan import Change, Statement
from database_users.postgres.catalog.contents import DefaultPrivileges
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import Kept, OutOfReach, Promised
from database_users.postgres.privileges import NONE, PUBLIC, Kind, parse_acl
from database_users.postgres.sql import identifier
from database_users.postgres.statements import (
    KEYWORDS,
    VERBS,
    grantee_name,
    grantee_sql,
    words,
)

_FUTURE: tuple[Kind, ...] = ("schema", "table", "sequence", "routine", "type")
_SINCE_18: tuple[Kind, ...] = ("large object",)  # PostgreSQL 18 release notes


def default_privileges(inside: Inside) -> Iterator[Change | Kept]:
    """What the owner role creates is open to the groups; nobody's is open to more of them."""
    database = inside.database
    rows = {(row.role, row.schema, row.kind): row for row in inside.contents.defaults}
    version = inside.comparison.server.version
    for kind in (*_FUTURE, *(_SINCE_18 if version >= 18 else ())):
        row = rows.pop(
            (database.owner, None, kind),
            DefaultPrivileges(database.owner, None, kind, parse_acl(None, kind, database.owner)),
        )
        yield from _less(inside, row)
        both = (database.reader, database.writer)
        for privileges, lacking in inside.lacking(kind, row.acl, both).items():
            yield _by_default(inside, "GRANT", privileges, row, lacking)
    for row in rows.values():
        yield from _less(inside, row)


def _less(inside: Inside, row: DefaultPrivileges) -> Iterator[Change | Kept]:
    comparison = inside.comparison
    if row.role in comparison.removed:
        return
    allowed = inside.allowed(row.kind, row.role)
    for grant in row.acl:
        grantee = grant.grantee
        if grantee in comparison.removed:
            continue
        if grantee != PUBLIC and grantee not in comparison.managed:
            yield Promised(grantee, row.role, row.kind)
            continue
        excess = grant.privileges - allowed.get(grantee, NONE)
        may_pass_on = grant.grantable - excess
        if (excess or may_pass_on) and not comparison.can_act_as(row.role):
            yield OutOfReach(row.role, (f"default privileges on {row.kind}s",))
            continue
        if excess:
            yield _by_default(inside, "REVOKE", excess, row, [grantee])
        if may_pass_on:
            yield _by_default(inside, "REVOKE GRANT OPTION FOR", may_pass_on, row, [grantee])


def _by_default(
    inside: Inside,
    verb: str,
    privileges: frozenset[str],
    row: DefaultPrivileges,
    grantees: Sequence[str],
) -> Statement:
    name = inside.database.name
    where = f" IN SCHEMA {identifier(row.schema)}" if row.schema else ""
    return Statement(
        name,
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(row.role)}{where}"
        f" {verb} {words(privileges)}"
        f" ON {KEYWORDS[row.kind]}S {'TO' if verb == 'GRANT' else 'FROM'}"
        f" {', '.join(map(grantee_sql, grantees))}",
        f"{name}: {', '.join(map(grantee_name, grantees))}"
        f" {VERBS[verb]} {words(privileges)} on every {row.kind} that"
        f" {row.role} will create" + (f" in {row.schema}" if row.schema else ""),
        acts_for=(row.role,),
    )
