"""A master with a password makes an administrator, once, and keeps its password.

HYPOTHESIS_PROFILE=full tries two hundred sets of memberships on each version.
"""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pg8000.exceptions import DatabaseError  # pyright: ignore[reportMissingTypeStubs]

from database_users import administrator
from database_users.desired import Database
from database_users.errors import LockoutError, UnsuitableServerError
from database_users.plan import Statement
from database_users.postgres.administrator import making, script
from database_users.postgres.session import Session
from proof.existing.catalogs import catalog_rows
from rds_login.causes import RefusedLoginError, ServerError
from tests.database_server import Postgres
from tests.desired import ORDERS
from tests.fuse import Fuse, KilledError
from tests.password_master import (
    ADMINISTRATOR,
    MASTER,
    PasswordMaster,
    password_master,
    printed_way_back,
)
from tests.runs import run_through


@pytest.fixture
def master(server: Postgres) -> Generator[PasswordMaster]:
    with password_master(server) as made:
        yield made


def run_as_administrator(server: Postgres, *databases: Database) -> None:
    run_through(lambda name: server.connect(name, ADMINISTRATOR), *databases)


def memberships(server: Postgres) -> set[tuple[Any, ...]]:
    return set(
        server.query(
            "SELECT roleid::regrole::text, member::regrole::text, grantor::regrole::text,"
            " admin_option, inherit_option, set_option FROM pg_auth_members"
        )
    )


def test_the_administrator_logs_in_with_a_token_and_the_master_with_its_password(
    master: PasswordMaster,
) -> None:
    assert master.logs_in()
    master.make()
    assert master.logs_in()
    master.as_administrator().__exit__()
    may = "SELECT rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'platform'"
    assert master.server.query(may) == [(True, True)]


def test_no_role_but_the_administrator_is_left(master: PasswordMaster) -> None:
    before = set(master.server.query("SELECT rolname FROM pg_roles"))
    members = memberships(master.server)
    master.make()
    after = set(master.server.query("SELECT rolname FROM pg_roles"))
    assert after - before == {(ADMINISTRATOR,)}
    assert {one[:2] for one in memberships(master.server) - members} == {
        ("rds_superuser", ADMINISTRATOR),
        ("rds_iam", ADMINISTRATOR),
        (MASTER.user, ADMINISTRATOR),
    }


def test_it_does_the_work_of_a_deploy(master: PasswordMaster) -> None:
    master.server.execute("CREATE DATABASE orders", f"ALTER DATABASE orders OWNER TO {MASTER.user}")
    master.server.execute(
        "CREATE TABLE item (id int)", f"ALTER TABLE item OWNER TO {MASTER.user}", database="orders"
    )
    master.make()
    run_as_administrator(master.server, replace(ORDERS, old_owners=(MASTER.user,)))
    with master.server.login("reader", "orders") as session:
        assert session.execute("TABLE item").fetchall() == []
    assert master.logs_in()


def test_the_secret_is_not_read_again_once_the_administrator_logs_in(
    master: PasswordMaster,
) -> None:
    master.make()
    before = memberships(master.server)

    def refused(_: str) -> Session:
        raise AssertionError("the master's password was used once more")

    master.make(refused)
    assert memberships(master.server) == before


def test_the_printed_sql_does_what_the_function_does(master: PasswordMaster) -> None:
    with master.connect() as session:
        session.query(script(ADMINISTRATOR, MASTER.user), "by hand")
    by_hand = memberships(master.server)
    assert master.logs_in()
    given_up(master)
    master.make()
    assert memberships(master.server) == by_hand


def test_killed_before_each_statement_nothing_is_there_and_the_next_run_ends_it(
    master: PasswordMaster,
) -> None:
    whole = Fuse(master.connect)
    before = memberships(master.server)
    roles = master.server.query("SELECT rolname FROM pg_roles ORDER BY 1")
    statements = len([*making(ADMINISTRATOR, MASTER.user)])
    for left in range(statements):
        with pytest.raises(KilledError):
            master.make(Fuse(master.connect, left).connect)
        assert master.logs_in(), left
        assert memberships(master.server) == before, left
        assert master.server.query("SELECT rolname FROM pg_roles ORDER BY 1") == roles, left
    master.make(whole.connect)
    assert whole.burnt == statements
    assert master.logs_in()


def test_killed_once_it_is_made_the_next_run_goes_on_without_a_change(
    master: PasswordMaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the policy for it is not known yet, and the function's time is over."""
    master.make()
    before = memberships(master.server)
    logins = 0

    def refused_at_first(self: PasswordMaster) -> Session:
        nonlocal logins
        logins += 1
        if logins == 1:
            raise RefusedLoginError("PAM authentication failed")
        return master.server.connect("postgres", ADMINISTRATOR, "a-token")

    monkeypatch.setattr(PasswordMaster, "as_administrator", refused_at_first)
    master.make()
    assert memberships(master.server) == before


def test_a_role_that_was_there_before_is_not_made_an_administrator(master: PasswordMaster) -> None:
    with master.connect() as session:
        session.query(f"CREATE ROLE {ADMINISTRATOR} LOGIN PASSWORD 'x'", "test")
    before = memberships(master.server)
    with pytest.raises(UnsuitableServerError, match=r"lacks CREATEROLE, rds_iam WITH ADMIN OPTION"):
        master.make()
    assert memberships(master.server) == before
    assert master.logs_in()


def test_a_password_that_is_refused_has_its_two_reasons_told(newest: Postgres) -> None:
    with password_master(newest) as master:
        newest.execute(f"ALTER ROLE {MASTER.user} PASSWORD 'another'")
        with pytest.raises(RefusedLoginError, match="by no chain of memberships"):
            master.make()


def test_where_the_server_would_catch_the_master_nothing_is_left(master: PasswordMaster) -> None:
    """As if RDS made who grants a role a member of it."""
    catching = """CREATE OR REPLACE PROCEDURE rds_administration.do(statement text)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS 'BEGIN
        EXECUTE statement;
        IF statement LIKE ''GRANT rds_iam%'' THEN
            GRANT platform TO postgres WITH INHERIT FALSE;
        END IF; END'"""
    master.server.execute(catching)
    before = memberships(master.server)
    with pytest.raises(ServerError, match="postgres would be a member of rds_iam and lose"):
        master.make()
    assert memberships(master.server) == before
    assert not master.server.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{ADMINISTRATOR}'")
    assert master.logs_in()


def by_itself(administrator: str, master: str) -> Iterator[Statement]:
    """What a master does that knows nothing of all this."""
    for one in making(administrator, master):
        if not any(word in one.sql for word in ("maker", "SET LOCAL", "$grant$", "$check$")):
            yield one


def test_a_master_that_makes_the_administrator_itself_is_caught_and_has_it_undone(
    master: PasswordMaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = memberships(master.server)
    monkeypatch.setattr(administrator, "making", by_itself)
    with pytest.raises(LockoutError, match="postgres lost its login by password with platform"):
        master.make()
    assert memberships(master.server) == before
    assert master.logs_in()


def test_where_the_catalogs_say_nothing_the_login_is_tried_while_there_is_a_way_back(
    master: PasswordMaster,
) -> None:
    """As if RDS had another rule for who logs in by token alone."""
    opened = 0

    def shut_after_the_first(database: str) -> Session:
        nonlocal opened
        opened += 1
        if opened > 1:
            raise RefusedLoginError("PAM authentication failed")
        return master.connect(database)

    before = memberships(master.server)
    with pytest.raises(LockoutError, match="postgres lost its login by password with platform"):
        master.make(shut_after_the_first)
    assert memberships(master.server) == before
    assert not master.server.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{ADMINISTRATOR}'")


def given_up(master: PasswordMaster) -> None:
    """The way out, as the printed SQL has it and a person runs it in psql."""
    way = printed_way_back(ADMINISTRATOR, MASTER.user)
    with master.connect() as session:
        for (grant,) in session.query(way.begun, "the first part"):
            session.query(grant, "what psql runs for \\gexec")
        session.query(way.ended, "the rest of it")
    for (database,) in master.server.query("SELECT datname FROM pg_database WHERE datallowconn"):
        with master.connect(database) as session:
            session.query(way.inside, "in each database")
    with master.connect() as session:
        session.query(way.last, "the last")


@pytest.mark.slow
def test_what_was_there_before_is_there_once_the_administrator_is_given_up(
    master: PasswordMaster,
) -> None:
    master.server.execute("CREATE DATABASE orders", f"ALTER DATABASE orders OWNER TO {MASTER.user}")

    def rows() -> list[Any]:
        found: list[Any] = []
        for database in ("postgres", "orders"):
            with master.server.superuser(database) as session:
                found.append(catalog_rows(session))
        return found

    before = rows()
    master.make()
    assert rows() != before
    given_up(master)
    assert rows() == before
    assert master.logs_in()


def test_who_gives_it_up_has_its_databases_and_group_roles(master: PasswordMaster) -> None:
    master.make()
    run_as_administrator(master.server, ORDERS)
    run_as_administrator(master.server, replace(ORDERS, read=(), write=(), own=()))
    given_up(master)
    assert master.logs_in()
    assert not master.server.query(f"SELECT 1 FROM pg_roles WHERE rolname = '{ADMINISTRATOR}'")
    assert master.server.query("SELECT 1 FROM pg_roles WHERE rolname = 'orders_owner'") == [(1,)]


def test_it_is_not_given_up_while_somebody_whom_it_let_in_is_left(master: PasswordMaster) -> None:
    master.make()
    run_as_administrator(master.server, ORDERS)
    with pytest.raises(ServerError, match="dependent privileges exist"):
        given_up(master)
    master.as_administrator().__exit__()
    assert master.logs_in()


ROLES = ("rds_iam", "rds_superuser", MASTER.user, ADMINISTRATOR, "one", "two", "three")
EDGES = st.tuples(
    st.sampled_from(ROLES), st.sampled_from(ROLES), st.tuples(*[st.booleans()] * 3)
).filter(lambda edge: edge[0] != edge[1])


def lived_in(edges: list[Any], *, there: str | None, self_grant: str) -> Iterator[str]:
    yield "CREATE ROLE one"
    yield "CREATE ROLE two LOGIN PASSWORD 'x'"
    yield f"SET ROLE {MASTER.user}; CREATE ROLE three CREATEROLE; RESET ROLE"
    yield f"ALTER ROLE {MASTER.user} SET createrole_self_grant = '{self_grant}'"
    if there:
        yield there
    for role, member, options in edges:
        if there or ADMINISTRATOR not in (role, member):
            given = ", ".join(
                f"{name} {value}"
                for name, value in zip(("ADMIN", "INHERIT", "SET"), options, strict=True)
            )
            yield f"GRANT {role} TO {member} WITH {given}"


@pytest.mark.slow
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    edges=[("rds_iam", "one", (True, False, False)), ("one", MASTER.user, (False, False, False))],
    there=None,
    self_grant="",
    left=99,
)
@example(
    edges=[(ADMINISTRATOR, MASTER.user, (True, False, False))],
    there=f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE",
    self_grant="set, inherit",
    left=99,
)
@given(
    edges=st.lists(EDGES, max_size=6),
    there=st.sampled_from(
        [
            None,
            None,
            f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE",
            f"SET ROLE {MASTER.user}; CREATE ROLE {ADMINISTRATOR}; RESET ROLE",
        ]
    ),
    self_grant=st.sampled_from(["", "set", "set, inherit"]),
    left=st.integers(0, 12),
)
def test_whatever_memberships_there_are_the_master_logs_in_as_before(
    server: Postgres, edges: list[Any], there: str | None, self_grant: str, left: int
) -> None:
    server.reset()
    with password_master(server) as master, server.superuser() as superuser:
        for statement in lived_in(edges, there=there, self_grant=self_grant):
            with suppress(psycopg.errors.InvalidGrantOperation):  # a circle
                superuser.execute(statement.encode())
        before = master.logs_in()
        for connect in (Fuse(master.connect, left).connect, master.connect):
            try:
                master.make(connect)
            except (KilledError, ServerError, LockoutError, DatabaseError):
                pass
            else:
                master.as_administrator().__exit__()
            assert master.logs_in() == before
