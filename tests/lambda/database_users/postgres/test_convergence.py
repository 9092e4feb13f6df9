"""Generated declarations: whatever they are, they come about, and only they.

HYPOTHESIS_PROFILE=full tries two hundred of each.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from database_users.deadline import Deadline
from database_users.desired import Database, InvalidRequestError, parse_databases
from database_users.postgres.catalog.server_rows import empty_server
from database_users.postgres.run import converge, plan_from_nothing, survey
from tests.catalog_snapshot import snapshot
from tests.database_server import MASTER, VERSIONS, Postgres

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


@given(declared=declarations(databases=3))
def test_a_plan_needs_no_server(declared: tuple[Database, ...]):
    plan = plan_from_nothing(declared, empty_server(MASTER, 17))
    created = [s.sql for s in plan.statements() if s.sql.startswith("CREATE DATABASE")]
    assert len(created) == len(declared)
