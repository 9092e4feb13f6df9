"""A generated mess, made by hand: the next run ends in the catalog of before.

HYPOTHESIS_PROFILE=full tries two hundred.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from database_users.deadline import Deadline
from database_users.desired import MANAGED
from database_users.postgres.privileges import Grant
from database_users.postgres.run import converge, survey
from tests.catalog_snapshot import snapshot
from tests.database_server import MASTER, SUPERUSER, VERSIONS, Postgres
from tests.desired import ORDERS, PAYROLL


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 100)


MADE = (
    "CREATE SCHEMA made",
    "CREATE TABLE made.item (id int, name text)",
    "CREATE SEQUENCE made.numbers",
    "CREATE FUNCTION made.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TYPE made.mood AS ENUM ('well')",
)
PRIVILEGES = {
    "DATABASE orders": ("CONNECT", "CREATE", "TEMPORARY"),
    "SCHEMA public": ("USAGE", "CREATE"),
    "SCHEMA made": ("USAGE", "CREATE"),
    "TABLE made.item": ("SELECT", "INSERT", "TRUNCATE", "REFERENCES", "UPDATE (id)", "SELECT (id)"),
    "SEQUENCE made.numbers": ("USAGE", "UPDATE"),
    "FUNCTION made.one()": ("EXECUTE",),
    "TYPE made.mood": ("USAGE",),
}
FUTURE_PRIVILEGES = {
    "TABLES": ("SELECT", "DELETE"),
    "SEQUENCES": ("USAGE", "SELECT"),
    "ROUTINES": ("EXECUTE",),
    "TYPES": ("USAGE",),
    "SCHEMAS": ("USAGE", "CREATE"),
}
GROUPS = ("orders_reader", "orders_writer", "payroll_reader", "payroll_owner")
LOGINS = ("reader", "writer", "owner", "boss")
STRANGER = "stranger"  # whose privileges are its own, and what it passes on to ours is not
ROLES = (*GROUPS, *LOGINS, STRANGER, MANAGED)


@st.composite
def by_hand(draw: st.DrawFn) -> tuple[str, str]:
    """A role, and a statement that somebody may run as it."""

    def one(*choices: str) -> str:
        return draw(st.sampled_from(choices))

    def change(on: str, privilege: str) -> str:
        match one("grant", "pass on", "revoke"):
            case "grant":
                return f"GRANT {privilege} ON {on} TO {one('PUBLIC', *ROLES)}"
            case "pass on":
                return f"GRANT {privilege} ON {on} TO {one(*ROLES)} WITH GRANT OPTION"
            case _:
                return f"REVOKE {privilege} ON {on} FROM {one('PUBLIC', *ROLES)} CASCADE"

    match one("object", "future", "member", "role", "owner"):
        case "object":
            on = one(*PRIVILEGES)
            role = one("orders_owner", "orders_reader", "owner", STRANGER)
            return role, change(on, one(*PRIVILEGES[on]))
        case "future":
            on = one(*FUTURE_PRIVILEGES)
            where = "" if on == "SCHEMAS" else one("", "IN SCHEMA made ")
            privilege = one(*FUTURE_PRIVILEGES[on])
            return "orders_owner", f"ALTER DEFAULT PRIVILEGES {where}{change(on, privilege)}"
        case "member":
            group = one(*GROUPS, "orders_owner", "rds_iam", MANAGED)
            if one("join", "leave") == "leave":
                return MASTER, f"REVOKE {group} FROM {one(*LOGINS)} CASCADE"
            option = one("ADMIN TRUE", "INHERIT FALSE, SET FALSE", "INHERIT TRUE", "SET TRUE")
            return MASTER, f"GRANT {group} TO {one(*LOGINS, MANAGED)} WITH {option}"
        case "role":
            attribute = one("LOGIN", "NOLOGIN", "INHERIT", "NOINHERIT", "CREATEDB")
            setting = f"{one('', 'IN DATABASE orders ')}SET role = {one(*GROUPS)}"
            return MASTER, f"ALTER ROLE {one(*LOGINS)} {one(attribute, setting, 'RESET role')}"
        case _:
            thing = one("TABLE made.item", "SCHEMA made", "DATABASE orders", "TYPE made.mood")
            return SUPERUSER, f"ALTER {thing} OWNER TO {one(*LOGINS, 'orders_reader', MANAGED)}"


def shown(server: Postgres) -> Any:
    """The snapshot without what means nothing: see `meant`."""
    roles, memberships, databases, *others, contents = snapshot(server, (ORDERS, PAYROLL))
    return (
        roles,
        memberships,
        {(name, owner, ours(acl), allowed) for name, owner, acl, allowed in databases},
        *others,
        {name: meant(*found) for name, found in contents.items()},
    )


def ours(acl: Iterable[Grant]) -> frozenset[Grant]:
    return frozenset(grant for grant in acl if grant.grantee != STRANGER)


def meant(objects: Any, defaults: Any) -> Any:
    """What is left without empty lists, and without what each schema has by default anyway."""
    objects = {(*rest, ours(acl), names) for *rest, acl, names in objects}
    defaults = {(*rest, ours(acl)) for *rest, acl in defaults}
    everywhere = {
        (role, kind, grant.grantee): grant.privileges
        for role, schema, kind, acl in defaults
        if schema is None
        for grant in acl
    }
    return (
        {
            (kind, *rest, acl, names)
            for kind, *rest, acl, names in objects
            if acl or kind != "column"
        },
        {
            (role, schema, kind, acl)
            for role, schema, kind, acl in defaults
            if any(
                schema is None
                or grant.privileges - everywhere.get((role, kind, grant.grantee), set())
                for grant in acl
            )
        },
    )


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@given(mess=st.lists(by_hand(), min_size=1, max_size=12))
def test_what_was_done_by_hand_is_undone(
    servers: dict[int, Postgres], version: int, mess: list[tuple[str, str]]
):
    server = servers[version]
    server.reset()
    both = (ORDERS, PAYROLL)
    converge(server.connect, both, deadline())
    server.execute(*MADE, database="orders", user="owner")
    server.execute(f"CREATE ROLE {STRANGER}", user=MASTER)
    expected = shown(server)
    with server.superuser("orders") as connection:
        for role, statement in mess:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            with suppress(psycopg.Error):
                connection.execute(statement.encode())
            connection.execute("RESET ROLE")
    converge(server.connect, both, deadline())
    assert shown(server) == expected
    assert [s.sql for s in survey(server.connect, both, deadline()).statements()] == []
