"""Every kind of thing that has an owner or a list, anybody's: nothing is hidden, and all settles.

HYPOTHESIS_PROFILE=full tries two hundred on each version.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from database_users.deadline import Deadline
from database_users.desired import Database, Level
from database_users.postgres.privileges import Kind as Named
from database_users.postgres.privileges import level_privileges, tolerated
from database_users.postgres.run import Outcome, converge, survey
from database_users.postgres.sql import identifier
from tests.application import ROOT
from tests.database_server import MASTER, SUPERUSER, VERSIONS, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.every_kind import FUTURE, KINDS, known_columns

NAMES = ("item", "Select", 'a "b".c', "ünï😀", "$$;--", "=r/x,{}", "_int4", "int4[]x", "é" * 31)
OUTSIDE = ("near", "far")  # the master has the ADMIN OPTION on the first of them
OWNERS = (
    "orders_owner",
    "orders_reader",
    "payroll_owner",
    "boss",
    "reader",
    "writer",
    "owner",
    *OUTSIDE,
    MASTER,
    SUPERUSER,
    "pg_database_owner",
)
GRANTEES = ("PUBLIC", "orders_writer", "pg_monitor", *OWNERS)
DECLARATIONS = (
    (ORDERS, PAYROLL),
    (replace(ORDERS, read=()), PAYROLL),
    (replace(ORDERS, read=(), write=(), own=()), PAYROLL),
    (replace(ORDERS, read=("reader", "writer"), write=()), PAYROLL),
    (replace(ORDERS, old_owners=("near",)), PAYROLL),
    (replace(ORDERS, old_owners=("far",)),),
    (replace(ORDERS, old_owners=("boss", "payroll_owner")),),
    (replace(ORDERS, own=(), old_owners=("owner", "near")), PAYROLL),
    (replace(ORDERS, read=(), write=("writer", "new"), retiring=("reader",)), PAYROLL),
    (PAYROLL,),
)


@dataclass(frozen=True)
class Deed:
    """Statements that the superuser runs in a database, after `SET ROLE` where a role is named."""

    statements: tuple[str, ...]
    role: str = SUPERUSER


@st.composite
def things(draw: st.DrawFn) -> Iterator[Deed]:
    """A thing of some kind, handed to somebody, with grants that its owner and others made."""
    word = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[word]
    number = draw(st.integers(20000, 2**31))
    written = {
        "n": identifier(draw(st.sampled_from(NAMES)) + str(number % 97)),
        "i": number,
        "operator": "<" * (number % 9 + 1),
    }
    named = kind.named.format(**written)
    alter = named.replace("FOREIGN SERVER", "SERVER", 1)
    owner = draw(st.sampled_from(OWNERS))
    deeds = [Deed(tuple(kind.made.format(**written).split("; ")))]
    if word == "extension":
        deeds = _extension(kind.made, owner)
    if kind.owned:
        deeds.append(Deed((f"ALTER {alter} OWNER TO {owner}",)))
    if kind.privileges:
        for _ in range(draw(st.integers(0, 3))):
            on = f"{draw(st.sampled_from(kind.privileges))} ON {named}"
            to = draw(st.sampled_from(GRANTEES))
            option = " WITH GRANT OPTION" if to != "PUBLIC" and draw(st.booleans()) else ""
            verb = draw(st.sampled_from(("GRANT", "GRANT", "REVOKE")))
            grantor = draw(st.sampled_from((owner, SUPERUSER, *OUTSIDE, "orders_owner", "reader")))
            statement = f"GRANT {on} TO {to}{option}"
            if verb == "REVOKE":
                statement = f"REVOKE {on} FROM {to} CASCADE"
            deeds.append(Deed((statement,), grantor))
    return iter(deeds)


def _extension(made: str, owner: str) -> list[Deed]:
    """`owner` makes one, to which it can add what is its own."""
    may, may_not = (
        "GRANT CREATE ON DATABASE orders TO {}",
        "REVOKE CREATE ON DATABASE orders FROM {}",
    )
    return [
        Deed(("DROP EXTENSION plpgsql CASCADE", may.format(owner))),
        Deed((made,), owner),
        Deed((may_not.format(owner),) if owner not in ("orders_owner", SUPERUSER) else ()),
    ]


@st.composite
def additions(draw: st.DrawFn) -> Iterator[Deed]:
    """Somebody who made an extension adds something to it."""
    number, owner = draw(st.integers(0, 97)), draw(st.sampled_from(OWNERS))
    name = f"made.added_{number}"
    on = draw(st.sampled_from(("ALL", "SELECT, UPDATE")))
    deeds = [
        Deed((f"CREATE TABLE {name} (id int)", f"ALTER TABLE {name} OWNER TO {owner}")),
        Deed((f"GRANT {on} ON {name} TO {draw(st.sampled_from(GRANTEES))}",), owner),
        Deed((f"ALTER EXTENSION plpgsql ADD TABLE {name}",), owner),
    ]
    return iter([*_extension("CREATE EXTENSION plpgsql", owner), *deeds])


@st.composite
def memberships(draw: st.DrawFn) -> Iterator[Deed]:
    """Somebody is put into one of our roles, or one of ours into another's."""
    one, other = draw(
        st.lists(
            st.sampled_from(
                (*OUTSIDE, "orders_reader", "orders_owner", "reader", "writer", "pg_monitor")
            ),
            min_size=2,
            max_size=2,
            unique=True,
        )
    )
    return iter((Deed((f"GRANT {one} TO {other} WITH ADMIN OPTION",)),))


@st.composite
def defaults(draw: st.DrawFn) -> Iterator[Deed]:
    """Somebody's future things are open, or closed, to somebody."""
    role, grantee = draw(st.sampled_from(OWNERS)), draw(st.sampled_from(GRANTEES))
    on = draw(st.sampled_from(FUTURE))
    where = draw(st.sampled_from(("", " IN SCHEMA made"))) if on != "SCHEMAS" else ""
    what = draw(st.sampled_from((f"GRANT ALL ON {on} TO", f"REVOKE ALL ON {on} FROM")))
    statement = f"ALTER DEFAULT PRIVILEGES FOR ROLE {role}{where} {what} {grantee}"
    return iter((Deed((statement,)),))


@st.composite
def doors(draw: st.DrawFn) -> Iterator[Deed]:
    """The schema of the things is open, or closed, to somebody, its owner perhaps."""
    on = f"{draw(st.sampled_from(('USAGE', 'CREATE', 'ALL')))} ON SCHEMA made"
    grantee = draw(st.sampled_from(("PUBLIC", "PUBLIC", *GRANTEES)))
    how = draw(st.sampled_from((f"REVOKE {on} FROM {grantee} CASCADE", f"GRANT {on} TO {grantee}")))
    return iter((Deed((how,), draw(st.sampled_from((SUPERUSER, *OUTSIDE, "orders_owner")))),))


CATALOGS = st.lists(
    things() | things() | things() | memberships() | defaults() | doors() | additions(),
    max_size=10,
)


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 100)


def made(server: Postgres, catalog: Sequence[Iterator[Deed]], home: str, user: str) -> None:
    """A server with a history, on which somebody did all of `catalog` in `orders`."""
    server.reset()
    converge(server.connect, (ORDERS, PAYROLL), deadline())
    server.execute("CREATE ROLE near LOGIN", user=MASTER)
    server.execute("CREATE ROLE far LOGIN")
    with server.superuser("orders") as connection:
        for statement in (
            f"CREATE SCHEMA made AUTHORIZATION {home}",
            "GRANT USAGE ON SCHEMA made TO PUBLIC",
            "CREATE TYPE made.\"int4[]\" AS ENUM ('x')",
            "CREATE FOREIGN DATA WRAPPER given",
            f"GRANT USAGE ON FOREIGN DATA WRAPPER given TO {user}",
        ):
            connection.execute(statement.encode())
        for deed in (deed for deeds in catalog for deed in deeds):
            connection.execute(f"SET ROLE {identifier(deed.role)}".encode())
            for statement in deed.statements:
                with suppress(psycopg.Error):
                    connection.execute(statement.encode())
                    note(f"{deed.role}: {statement}")
            connection.execute(b"RESET ROLE")


def ran(server: Postgres, databases: tuple[Database, ...]) -> Outcome:
    return converge(server.connect, databases, deadline())


CATALOG_COLUMNS = """
SELECT attrelid::regclass || '.' || attname
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND attnum > 0
    AND atttypid = 'aclitem[]'::regtype
UNION SELECT fktable || '.' || fkcols[1] FROM pg_get_catalog_foreign_keys()
    WHERE pktable = 'pg_authid'::regclass"""


def test_every_catalog_with_an_owner_or_a_list_is_known(server: Postgres):
    assert {column for (column,) in server.query(CATALOG_COLUMNS)} == known_columns()


def test_the_review_says_of_every_catalog_what_a_tenant_gains_by_it(server: Postgres):
    catalogs = server.query(
        "SELECT relname::text FROM pg_class"
        " WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'"
    )
    page = (ROOT / "docs/security.md").read_text()
    rows = re.findall(r"^\| (`pg_[^|]*) \| (?:put right|refused|harmless) \| .+ \|$", page, re.M)
    said = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(said) == sorted(name for (name,) in catalogs)


@pytest.mark.parametrize("version", VERSIONS)
@given(
    catalog=CATALOGS,
    home=st.sampled_from(("orders_owner", *OUTSIDE)),
    user=st.sampled_from(("PUBLIC", "orders_owner", "reader", "near")),
    declared=st.sampled_from(DECLARATIONS),
)
def test_whatever_there_is_the_second_run_does_nothing_and_nothing_is_hidden(
    servers: dict[int, Postgres],
    version: int,
    catalog: list[Iterator[Deed]],
    home: str,
    user: str,
    declared: tuple[Database, ...],
):
    server = servers[version]
    made(server, catalog, home, user)
    ran(server, declared)
    plan = survey(server.connect, declared, deadline())
    assert [(statement.database, statement.sql) for statement in plan.statements()] == []
    findings = tuple(map(str, plan.findings))
    again = ran(server, declared)
    assert (again.statements, again.findings) == (0, findings)
    note(repr(findings))
    assert list(surprises(server, version, declared, findings)) == []


# Each thing with a list: its kind, its name, its schema's, owner and list, and whether a role has
# a privilege on it in truth. On version 16 no function tells of large objects.
_HAS = """
WITH things AS (
    SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END kind, oid, relname::text AS name,
        relowner owner, (SELECT array_agg(item) FROM (SELECT unnest(relacl) item UNION ALL
            SELECT unnest(attacl) FROM pg_attribute WHERE attrelid = c.oid) of_columns_too) acl,
        relnamespace schema
        FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'schema', oid, nspname, nspowner, nspacl, 0 FROM pg_namespace
    UNION ALL SELECT 'routine', oid, proname, proowner, proacl, pronamespace FROM pg_proc
    UNION ALL SELECT 'type', oid, typname, typowner, typacl, typnamespace FROM pg_type
        WHERE typelem = 0 AND typtype <> 'm'
    UNION ALL SELECT 'foreign server', oid, srvname, srvowner, srvacl, 0 FROM pg_foreign_server
    UNION ALL SELECT 'foreign-data wrapper', oid, fdwname, fdwowner, fdwacl, 0
        FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'language', oid, lanname, lanowner, lanacl, 0 FROM pg_language
    UNION ALL SELECT 'tablespace', oid, spcname, spcowner, spcacl, 0 FROM pg_tablespace
    UNION ALL SELECT 'database', oid, datname, datdba, datacl, 0 FROM pg_database
        WHERE datallowconn
    UNION ALL SELECT 'large object', oid, oid::text, lomowner, lomacl, 0
        FROM pg_largeobject_metadata
    UNION ALL SELECT 'parameter', oid, parname, 10, paracl, 0 FROM pg_parameter_acl),
possible(kind, privilege) AS (SELECT * FROM unnest(
    '{table,table,table,table,table,table,sequence,sequence,sequence,schema,schema,routine,type,
      foreign server,foreign-data wrapper,language,tablespace,database,database,database,
      large object,large object,parameter,parameter}'::text[],
    '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER,USAGE,SELECT,UPDATE,USAGE,CREATE,EXECUTE,USAGE,
      USAGE,USAGE,USAGE,CREATE,CONNECT,CREATE,TEMPORARY,SELECT,UPDATE,SET,ALTER SYSTEM}'::text[])),
asked(kind, privilege) AS (SELECT kind, privilege || option
    FROM possible, unnest('{"", " WITH GRANT OPTION"}'::text[]) option)
SELECT role, kind, name, pg_get_userbyid(owner), acl::text, privilege, has,
    (oid >= 16384 OR name = 'public')
    AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        JOIN pg_roles r ON r.oid = extowner
        WHERE deptype = 'e' AND (rolsuper OR rolcreaterole)
        AND d.objid IN (things.oid, (SELECT typrelid FROM pg_type t WHERE t.oid = things.oid))),
    schema = 'made'::regnamespace
FROM things JOIN asked USING (kind), unnest(%s::text[]) role, LATERAL (SELECT CASE kind
    WHEN 'table' THEN CASE WHEN privilege ~ '^(SELECT|INSERT|UPDATE)'
        THEN has_any_column_privilege(role, things.oid, privilege)
        ELSE has_table_privilege(role, oid, privilege) END
    WHEN 'sequence' THEN has_sequence_privilege(role, oid, privilege)
    WHEN 'schema' THEN has_schema_privilege(role, oid, privilege)
    WHEN 'routine' THEN has_function_privilege(role, oid, privilege)
    WHEN 'type' THEN has_type_privilege(role, oid, privilege)
    WHEN 'foreign server' THEN has_server_privilege(role, oid, privilege)
    WHEN 'foreign-data wrapper' THEN has_foreign_data_wrapper_privilege(role, oid, privilege)
    WHEN 'language' THEN has_language_privilege(role, oid, privilege)
    WHEN 'tablespace' THEN has_tablespace_privilege(role, oid, privilege)
    WHEN 'database' THEN has_database_privilege(role, oid, privilege)
    WHEN 'parameter' THEN has_parameter_privilege(role, name, privilege)
    ELSE pg_has_role(role, owner, 'USAGE') OR EXISTS (SELECT FROM aclexplode(acl) a
        WHERE privilege_type = split_part(privilege, ' WITH', 1)
        AND (is_grantable OR privilege NOT LIKE '%% WITH GRANT OPTION')
        AND (grantee = 0 OR pg_has_role(role, grantee, 'USAGE')))
    END has) h
WHERE oid >= 16384 OR name = 'public' OR kind IN ('database', 'tablespace')
    OR acl::text ~ '[{,](orders_owner|orders_reader|orders_writer|reader|writer)='"""
# What PostgreSQL gives everyone by itself.
_EVERYONES = {("language", "USAGE"), ("routine", "EXECUTE"), ("type", "USAGE")}
_UNREACHABLE = ("far", SUPERUSER, "pg_database_owner")
_ON_DATABASE = {
    "read": {"CONNECT"},
    "write": {"CONNECT", "TEMPORARY"},
    "own": {"CONNECT", "CREATE", "TEMPORARY"},
}


def surprises(
    server: Postgres, version: int, declared: tuple[Database, ...], findings: tuple[str, ...]
) -> Iterator[Any]:
    """What a declared user may, or may not, on a thing, where neither level nor finding says so."""
    database = next((one for one in declared if one.name == "orders"), None)
    if database is None or any("may not connect, and only" in one for one in findings):
        return
    levels: dict[str, Level] = {group: level for group, level, _ in database.groups}
    groups = {login: group for group, _, logins in database.groups for login in logins}
    groups |= {group: group for group in levels}
    with server.superuser("orders") as connection:
        rows = connection.execute(_HAS.encode(), [list(groups)]).fetchall()
        (connection_owner,) = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'orders'"
        ).fetchone() or ("",)
    yield from _hidden(rows, findings)
    left_out = any("left out" in finding and "schema made " in finding for finding in findings)
    for role, kind, name, owner, acl, privilege, has, ours, inside in rows:
        level = levels[groups[role]]
        if role != groups[role] and level == "own":
            continue  # it has nothing by itself, and starts as its group
        if owner == "pg_database_owner":
            owner = connection_owner
        named: Named = kind
        least, most = level_privileges(level, named, version), tolerated(level, named, version)
        if kind == "database":
            least = most = frozenset(_ON_DATABASE[level] if name == "orders" else ())
        if (kind, privilege) in _EVERYONES:
            most |= {privilege}
        told = any(
            one in finding
            for one in _UNREACHABLE
            if one == owner or f"/{one}" in (acl or "")
            for finding in findings
            if "not managed here" not in finding
        )
        in_others = any(
            (f"{one} keeps " in finding and "which" in finding)
            or (owner == SUPERUSER and f"{one} has privileges on objects of PostgreSQL" in finding)
            for one in (role, groups[role])
            for finding in findings
        )
        if left_out and inside:
            continue
        if kind == "tablespace" and any(f"the tablespace {name} " in one for one in findings):
            continue
        if told or in_others or owner in (role, groups[role]):
            continue
        if has and privilege not in most and not _by_everyone(name, acl, privilege, findings):
            yield ("too much", role, kind, name, owner, acl, privilege)
        if not has and privilege in least and ours and owner != SUPERUSER:
            yield ("too little", role, kind, name, owner, acl, privilege)


def _hidden(rows: list[Any], findings: tuple[str, ...]) -> Iterator[Any]:
    """What somebody else owns, or is on the list of, without a word of that."""
    told = [
        one
        for one in OUTSIDE
        if any(f"{one} is not managed" in it or f"of {one} are not taken" in it for it in findings)
    ]
    for role, kind, name, owner, acl, privilege, _, ours, _ in rows:
        if (
            ours
            and owner != SUPERUSER
            and (kind != "language" or acl)
            and kind not in ("tablespace", "parameter", "database")
        ):
            for one in OUTSIDE:
                if one not in told and (one == owner or f"{one}=" in (acl or "")):
                    yield ("hidden", role, kind, name, owner, acl, privilege)


def _by_everyone(name: str, acl: str | None, privilege: str, findings: tuple[str, ...]) -> bool:
    """Whether everyone has it, and a finding says so."""
    return any(
        (
            ("everyone (PUBLIC)" in finding or "pg_database_owner" in finding)
            and (privilege in finding or name in finding)
        )
        # What the owner of each database has, the owner role has by that, and may pass on.
        or ("pg_database_owner is not managed" in finding and "pg_database_owner=" in (acl or ""))
        for finding in findings
    )
