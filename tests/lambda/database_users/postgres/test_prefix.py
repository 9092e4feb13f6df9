"""Environments that share a server: each has a prefix, and leaves alone what the others made."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_rds_iam.declaration.model import Declaration
from database_users.deadline import Deadline
from database_users.desired import Database, mark, parse_databases
from database_users.errors import LockoutError
from database_users.postgres.run import converge, survey
from stacks.desired_databases import desired_databases
from tests.database_server import MASTER, VERSIONS, Postgres
from tests.declared import dev
from tests.existing import LAKE

PREFIXES = ("", "blue", "green")
LEVELS = ("read", "write", "own")
# Of each role that an environment made: what it is, what it is in, and what it holds.
MADE = """SELECT rolname, rolcanlogin, rolinherit, rolconnlimit,
    array(SELECT setconfig::text FROM pg_db_role_setting WHERE setrole = r.oid),
    array(SELECT roleid::regrole::text || grantor::regrole || admin_option || inherit_option
        || set_option FROM pg_auth_members WHERE member = r.oid ORDER BY 1),
    array(SELECT (dbid, classid, objid, deptype)::text FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid ORDER BY 1)
    FROM pg_authid r WHERE rolname = ANY ('{{{}}}') ORDER BY 1"""
ACLS = """SELECT datname, pg_get_userbyid(datdba), datacl::text FROM pg_database
    WHERE datname = ANY ('{{{}}}') ORDER BY 1"""


def declared(prefix: str, databases: dict[str, dict[str, list[str]]]) -> tuple[Database, ...]:
    if not databases:
        return ()
    changes: dict[str, object] = {
        "prefix": prefix or None,
        "instances.lake": {**LAKE, "databases": databases},
    }
    declaration = Declaration.model_validate(dev(changes))
    states = [one.state for one in desired_databases(declaration, "lake")]
    return parse_databases(states, MASTER, prefix)


def run(
    server: Postgres, prefix: str, databases: tuple[Database, ...], *, arriving: bool = False
) -> int:
    deadline = Deadline(time.monotonic() + 60)
    outcome = converge(
        server.connect, databases, deadline, lived_in=True, mark=mark(prefix), arriving=arriving
    )
    return outcome.statements


def of(server: Postgres, databases: Sequence[Database]) -> Any:
    roles = ",".join(sorted(role for one in databases for role in one.roles))
    names = ",".join(f'"{one.name}"' for one in databases)
    return server.query(MADE.format(roles)), server.query(ACLS.format(names))


DATABASES = ("sales", "My Sales", "blue_sales", "fish", "d" * 60)


@st.composite
def environments(draw: st.DrawFn) -> list[tuple[str, tuple[Database, ...]]]:
    """Declarations of several environments, one after the other; each database is in one."""
    owner = {name: draw(st.sampled_from(PREFIXES)) for name in DATABASES}
    steps: list[tuple[str, tuple[Database, ...]]] = []
    for _ in range(2):
        for prefix in PREFIXES:
            granted = {
                name: {
                    draw(st.sampled_from(LEVELS)): [identity]
                    for identity in ("shop", "airflow")
                    if draw(st.booleans())
                }
                for name in DATABASES
                if owner[name] == prefix
            }
            steps.append((prefix, declared(prefix, {k: v for k, v in granted.items() if v})))
    return steps


@pytest.mark.slow
@given(environments())
def test_each_run_leaves_what_the_others_made_as_it_was(
    servers: dict[int, Postgres], steps: list[tuple[str, tuple[Database, ...]]]
) -> None:
    newest = servers[max(VERSIONS)]
    newest.reset()
    now: dict[str, tuple[Database, ...]] = {}
    groups: dict[str, str] = {}  # they outlive their declaration
    for prefix, databases in steps:
        others = [one for other, held in now.items() if other != prefix for one in held]
        before = of(newest, others)
        taken = {role for one in others for role in one.roles}
        taken |= {group for group, other in groups.items() if other != prefix}
        if any(one.roles & taken for one in databases):
            # blue_sales has the names that sales has where the prefix is blue.
            with pytest.raises(LockoutError, match="was there before, and is somebody's"):
                run(newest, prefix, databases)
            assert of(newest, others) == before
            continue
        run(newest, prefix, databases)
        assert of(newest, others) == before
        groups |= {group: prefix for one in databases for group, _, _ in one.groups}
        now[prefix] = databases
        for each, held in now.items():
            assert run(newest, each, held) == 0
    for prefix, databases in now.items():
        for one in databases:
            for _, _, users in one.groups:
                for user in users:
                    assert user.split("_")[1] == prefix or not prefix
                    newest.login(user, one.name).close()


def test_one_that_goes_takes_its_own_users_alone(newest: Postgres) -> None:
    blue = declared("blue", {"sales": {"own": ["shop"]}})
    green = declared("green", {"fish": {"own": ["shop"], "read": ["airflow"]}})
    run(newest, "blue", blue)
    run(newest, "green", green)
    before = of(newest, green)
    run(newest, "blue", ())
    assert of(newest, green) == before
    assert newest.query("SELECT 1 FROM pg_roles WHERE rolname = 'shop_blue_sales_own'") == []


def test_one_database_for_two_environments_keeps_the_first_ones_access(newest: Postgres) -> None:
    blue = declared("blue", {"sales": {"own": ["shop"], "read": ["airflow"]}})
    green = declared("green", {"sales": {"read": ["airflow"]}})
    run(newest, "blue", blue)
    before = of(newest, blue)
    run(newest, "green", green)
    assert of(newest, blue)[0] == before[0]
    assert run(newest, "blue", blue) == run(newest, "green", green) == 0
    newest.login("airflow_green_sales_read", "sales").close()


@pytest.mark.parametrize("rest", [{"sales": {"read": ["airflow"]}}, {}])
def test_a_role_of_another_environment_is_not_taken_over_after_the_first_run_either(
    newest: Postgres, rest: dict[str, dict[str, list[str]]]
) -> None:
    run(newest, "", declared("", {"fish": {"own": ["shop"]}}))
    run(newest, "blue", declared("blue", {"sales": {"own": ["shop"], "read": ["airflow"]}}))
    blue = declared("blue", rest)
    run(newest, "blue", blue)
    before = of(newest, blue)
    # Of other names are its users, and of the same its group roles.
    with pytest.raises(LockoutError, match="blue_sales_owner was there before, and is somebody's"):
        run(newest, "", declared("", {"fish": {"own": ["shop"]}, "blue_sales": {"own": ["etl"]}}))
    assert of(newest, blue) == before


def test_users_of_another_environment_lose_nothing_and_stop_nothing(newest: Postgres) -> None:
    newest.execute(f"CREATE DATABASE fish OWNER {MASTER}")
    run(newest, "blue", declared("blue", {"sales": {"own": ["shop"]}}))
    green = declared("green", {"fish": {"own": ["shop"]}})
    plan = survey(
        newest.connect, green, Deadline(time.monotonic() + 60), lived_in=True, mark=mark("green")
    )
    assert not [one for one in plan.findings if "only because everyone may" in str(one)]
    run(newest, "green", green)


def test_who_forgets_the_prefix_is_refused_before_anything_is_changed(newest: Postgres) -> None:
    first = declared("", {"sales": {"own": ["shop"]}})
    run(newest, "", first, arriving=True)
    before = of(newest, first)
    second = declared("", {"fish": {"own": ["shop"]}})
    with pytest.raises(LockoutError) as error:
        run(newest, "", second, arriving=True)
    assert str(error.value) == (
        "nothing was changed: shop_sales_own would be removed, and are of another environment, or"
        " of one that is gone (members of airflow_rds_iam): declare a `prefix` that no other"
        " environment on this server has, or drop them first"
    )
    assert of(newest, first) == before
    # What was cut off, and what is declared once more, is no other's.
    run(newest, "", first, arriving=True)
