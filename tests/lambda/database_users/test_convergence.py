"""Generated declarations: whatever they are, they come about, and only they.

HYPOTHESIS_PROFILE=full tries two hundred of each.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from database_users.catalog import (
    SERVER_QUERY,
    contents_from_rows,
    contents_query,
    empty_server,
    server_from_rows,
)
from database_users.connection import Deadline
from database_users.desired import MANAGED, Database, InvalidRequestError, parse_databases
from database_users.privileges import Grant
from database_users.run import converge, plan_from_nothing, survey
from tests.database_server import MASTER, SUPERUSER, VERSIONS, Postgres
from tests.desired import ORDERS, PAYROLL

AWKWARD = (
    "select",
    "User",
    "user",
    'a "quoted" one',
    "it's",
    "a; DROP TABLE x; --",
    "$$",
    "\\",
    "%s",
    "ünï😀",
    "=U/x",
    "a,b",
    "{}",
    "x" * 63,
    "é" * 31,
    " ",
)


def allowed(name: str) -> bool:
    try:
        parse_databases([{"Name": name, "Owner": name, "Writer": "w", "Reader": "r"}], MASTER)
    except InvalidRequestError:
        return False
    return True


NAMES = st.one_of(
    st.sampled_from(AWKWARD),
    st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20),
).filter(allowed)


@st.composite
def declarations(draw: st.DrawFn, databases: int = 2, logins: int = 2) -> tuple[Database, ...]:
    count = draw(st.integers(0, databases))
    names = iter(draw(st.lists(NAMES, unique=True, min_size=40, max_size=40)))
    declared: list[Database] = []
    for _ in range(count):
        name, owner, writer, reader = (next(names) for _ in range(4))
        read, write, own = (
            tuple(next(names) for _ in range(draw(st.integers(0, logins)))) for _ in range(3)
        )
        declared.append(Database(name, owner, writer, reader, read, write, own))
    return tuple(declared)


@st.composite
def changes(draw: st.DrawFn) -> tuple[tuple[Database, ...], tuple[Database, ...]]:
    """Two declarations over the same databases and users, who come, go and change levels."""
    names = draw(st.lists(NAMES, unique=True, min_size=14, max_size=14))
    first, second, users = names[:4], names[4:8], names[8:]
    databases = [
        Database(name, owner, writer, reader) for name, owner, writer, reader in (first, second)
    ]

    def declaration() -> tuple[Database, ...]:
        places: dict[tuple[int, str], list[str]] = {}
        for user in users:
            place = draw(
                st.none() | st.tuples(st.integers(0, 1), st.sampled_from(("read", "write", "own")))
            )
            if place:
                places.setdefault(place, []).append(user)
        return tuple(
            replace(
                database,
                read=tuple(places.get((index, "read"), ())),
                write=tuple(places.get((index, "write"), ())),
                own=tuple(places.get((index, "own"), ())),
            )
            for index, database in enumerate(databases)
            if draw(st.booleans())
        )

    return declaration(), declaration()


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 100)


CELLS: dict[str, LiteralString] = {
    "select": "SELECT * FROM {}.item",
    "insert": "INSERT INTO {}.item VALUES (9)",
    "update": "UPDATE {}.item SET id = 8",
    "delete": "DELETE FROM {}.item",
    "truncate": "TRUNCATE {}.item",
    "create": "CREATE TABLE {}.more ()",
    "drop": "DROP TABLE {}.item",
}
READ = {"select"}
WRITE = READ | {"insert", "update", "delete", "truncate"}
EVERYTHING = set(CELLS)
EXISTING, FUTURE = 'Weird " name', "later"


def make_objects(server: Postgres, database: str, schema: str, role: str) -> None:
    with server.superuser(database) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        connection.execute(sql.SQL("CREATE TABLE {}.item (id int)").format(name))


def cells(server: Postgres, user: str, database: str, schemas: Iterable[str]) -> Any:
    """What `user` may do in each schema, tried; `None` if it may not connect."""
    try:
        connection = server.login(user, database)
    except psycopg.OperationalError as error:
        if "permission denied for database" not in str(error):
            raise
        return None
    found: dict[str, set[str]] = {}
    with connection:
        for schema in schemas:
            found[schema] = set()
            for cell, statement in CELLS.items():
                try:
                    with connection.transaction(force_rollback=True):
                        connection.execute(sql.SQL(statement).format(sql.Identifier(schema)))
                except psycopg.errors.InsufficientPrivilege:
                    continue
                found[schema].add(cell)
    return found


def wrong_cells(
    server: Postgres, databases: tuple[Database, ...], existing: frozenset[str]
) -> list[Any]:
    wrong: list[Any] = []
    levels = {
        login: (database.name, level)
        for database in databases
        for _, level, logins in database.groups
        for login in logins
    }
    for login, (home, level) in levels.items():
        for database in (*(database.name for database in databases), "postgres", "template1"):
            schemas = [FUTURE] + [EXISTING] * (database in existing)
            found = cells(server, login, database, schemas if database == home else ())
            if database != home:
                expected = None
            else:
                then = {"read": READ, "write": WRITE, "own": EVERYTHING}[level]
                # What belongs to somebody else is not the owner's to drop.
                expected = {FUTURE: then, EXISTING: then - {"drop"}}
                expected = {schema: expected[schema] for schema in schemas}
            if found != expected:
                wrong.append((login, level, database, found, expected))
    return wrong


@pytest.mark.parametrize("version", VERSIONS)
@given(declared=declarations(), data=st.data())
def test_a_declaration_comes_about_at_once_and_every_cell_is_right(
    servers: dict[int, Postgres], version: int, declared: tuple[Database, ...], data: st.DataObject
):
    server = servers[version]
    server.reset()
    existing = frozenset(
        database.name for database in declared if data.draw(st.booleans(), label="exists")
    )
    for name in existing:
        with server.login(MASTER, "postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        make_objects(server, name, EXISTING, MASTER)
    planned = sum(1 for _ in survey(server.connect, declared, deadline()).statements())
    done = converge(server.connect, declared, deadline())
    assert done.statements == planned
    assert [s.sql for s in survey(server.connect, declared, deadline()).statements()] == []
    for database in declared:
        make_objects(server, database.name, FUTURE, database.owner)
    assert wrong_cells(server, declared, existing) == []
    assert [s.sql for s in survey(server.connect, declared, deadline()).statements()] == []


def snapshot(server: Postgres, databases: tuple[Database, ...]) -> Any:
    """Everything in the catalogs that `databases` is about."""
    with server.connect("postgres") as session:
        state = server_from_rows(session.query(SERVER_QUERY, "test"))
    names = {name for database in databases for name, _, _ in database.groups} | {
        login for database in databases for _, _, logins in database.groups for login in logins
    }
    contents: dict[str, Any] = {}
    for database in databases:
        with server.connect(database.name) as session:
            found = contents_from_rows(session.query(contents_query(), "test"))
        contents[database.name] = (
            {(o.kind, o.schema, o.owner, frozenset(o.acl), o.names) for o in found.objects},
            {(d.role, d.schema, d.kind, frozenset(d.acl)) for d in found.defaults},
        )
    return (
        {name: state.roles[name] for name in names},
        {m for m in state.memberships if m.member in names or m.role in names},
        {
            (database.name, existing.owner, frozenset(existing.acl), existing.allows_connections)
            for database in databases
            for existing in [state.databases[database.name]]
        },
        {setting for setting in state.role_settings if setting.login in names},
        state.managed_logins,
        contents,
    )


@pytest.mark.parametrize("version", VERSIONS)
@given(pair=changes())
def test_a_change_ends_where_the_new_declaration_alone_would(
    servers: dict[int, Postgres],
    version: int,
    pair: tuple[tuple[Database, ...], tuple[Database, ...]],
):
    before, after = pair
    server = servers[version]
    server.reset()
    converge(server.connect, after, deadline())
    expected = snapshot(server, after)
    server.reset()
    converge(server.connect, before, deadline())
    converge(server.connect, after, deadline())
    assert snapshot(server, after) == expected
    assert [s.sql for s in survey(server.connect, after, deadline()).statements()] == []


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


@given(declared=declarations(databases=3))
def test_a_plan_needs_no_server(declared: tuple[Database, ...]):
    plan = plan_from_nothing(declared, empty_server(MASTER, 17))
    created = [s.sql for s in plan.statements() if s.sql.startswith("CREATE DATABASE")]
    assert len(created) == len(declared)
