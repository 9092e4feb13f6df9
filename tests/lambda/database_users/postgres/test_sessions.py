"""Whoever is revoked or loses a level has no session left, seen or unseen."""

import os
import signal
import threading
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from database_users.errors import SessionsLeftError
from database_users.postgres import ending
from database_users.postgres.session import Session
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, run

WITHOUT_OWNER = replace(ORDERS, own=())


@contextmanager
def asleep(server: Postgres, user: str, database: str) -> Generator[list[str]]:
    """A session of `user` that stays at the door, and what it says if it wakes."""
    said: list[str] = []
    before = starting(server)

    def log_in() -> None:
        try:
            with server.login(user, database, options="-c post_auth_delay=2000") as session:
                said.extend(session.execute("SELECT current_user::text").fetchone() or ())
        except psycopg.OperationalError:
            return

    thread = threading.Thread(target=log_in, daemon=True)
    thread.start()
    while starting(server) == before:
        time.sleep(0.01)
    yield said
    for process in starting(server) - before:
        server.execute(f"SELECT pg_terminate_backend({process})")
    thread.join()


def starting(server: Postgres) -> set[int]:
    return {
        process
        for (process,) in server.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'object' AND pid <> pg_backend_pid()"
            " AND classid = 'pg_database'::regclass"
        )
    }


def test_a_session_that_sleeps_at_the_door_is_ended_too(server: Postgres):
    run(server, ORDERS)
    with asleep(server, "owner", "orders") as said:
        run(server, WITHOUT_OWNER)
        assert starting(server) == set()
    assert said == []


def test_nobody_elses_session_at_the_door_is_touched(server: Postgres):
    run(server, ORDERS, PAYROLL)
    with asleep(server, "reader", "orders"), asleep(server, "boss", "payroll"):
        others = starting(server)
        with asleep(server, "owner", "orders"):
            run(server, WITHOUT_OWNER, PAYROLL)
            assert starting(server) == others


def test_who_merely_loses_something_loses_its_sessions_at_the_door(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE legacy", "GRANT legacy TO writer", user=MASTER)
    server.execute("GRANT legacy TO reader")
    # Nobody asked for a login of it, but one may have been made by hand.
    server.execute("ALTER ROLE orders_writer LOGIN")
    server.execute("GRANT rds_iam TO orders_writer", user=MASTER)
    with (
        asleep(server, "reader", "orders"),  # the master cannot take anything away from it
        server.login("reader", "orders") as reader,
    ):
        others = starting(server)
        with asleep(server, "writer", "orders"), asleep(server, "orders_writer", "orders"):
            run(server, ORDERS)
            assert starting(server) == others
        reader.execute("SELECT")
        assert outstanding(server, ORDERS) == []
    server.login("writer", "orders").close()


@pytest.mark.parametrize(
    ("grants", "user"),
    [
        (("GRANT orders_owner TO near WITH ADMIN OPTION",
          "SET ROLE near", "GRANT orders_owner TO reader"), "reader"),
        (("SET ROLE administrator", "GRANT orders_owner TO orders_reader"), "reader"),
        (("SET ROLE administrator", "GRANT orders_owner TO orders_writer",
          "GRANT orders_writer TO orders_reader"), "reader"),
        (("SET ROLE administrator", "GRANT payroll_owner TO orders_owner"), "owner"),
    ],
)  # fmt: skip
def test_who_comes_to_a_role_by_a_detour_loses_its_sessions_with_it(
    server: Postgres, grants: tuple[str, ...], user: str
):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute(*grants)
    with (
        server.login(user, "orders") as session,
        server.login("boss", "payroll") as other,
        asleep(server, user, "orders") as said,
    ):
        session.execute(f"SET ROLE {'orders' if user == 'reader' else 'payroll'}_owner".encode())
        run(server, ORDERS, PAYROLL)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT current_user")
        other.execute("SELECT")
    assert said == []
    assert outstanding(server, ORDERS, PAYROLL) == []
    server.login(user, "orders").close()


def test_a_session_ends_in_a_database_that_is_closed_to_its_user_and_in_no_other(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("GRANT CONNECT ON DATABASE payroll TO reader", user="boss", database="payroll")
    server.execute("CREATE ROLE near")
    server.execute(
        "GRANT CONNECT ON DATABASE payroll TO near WITH GRANT OPTION",
        "SET ROLE near",
        "GRANT CONNECT ON DATABASE payroll TO writer",
    )
    with (
        server.login("reader", "payroll") as session,
        server.login("writer", "payroll") as told_of,
        server.login("reader", "orders") as at_home,
        server.login("boss", "payroll") as boss,
    ):
        session.execute("SELECT lo_create(20000)")  # nobody needs a privilege for that
        run(server, ORDERS, PAYROLL)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT lo_create(20001)")
        for one in (told_of, at_home, boss):
            one.execute("SELECT")
        assert outstanding(server, ORDERS, PAYROLL) == []


def test_a_session_of_somebody_else_that_acts_as_whom_a_user_was_is_told_of(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE near LOGIN", "CREATE ROLE idle LOGIN", user=MASTER)
    server.execute("GRANT owner TO near, idle", "GRANT rds_iam TO near")
    with server.login("near", "orders") as near:
        near.execute("SET ROLE orders_owner")
        findings = run(server, WITHOUT_OWNER).findings
        (told,) = (one for one in findings if "could act as owner" in one)
        assert told.startswith("near is not managed here, and could act as owner, which loses")
        assert near.execute("SELECT current_user").fetchone() == ("orders_owner",)
    assert run(server, WITHOUT_OWNER).findings == ()


def test_a_session_that_went_by_itself_is_no_session_of_who_is_revoked(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
):
    """As others' do that come and go all the time."""
    look = ending._look  # pyright: ignore[reportPrivateUsage]

    def before(home: Session, users: Collection[str]) -> Any:
        seen, _ = look(home, users)
        with server.superuser() as gone:
            process = gone.info.backend_pid
        while server.query(f"SELECT FROM pg_stat_activity WHERE pid = {process}"):
            time.sleep(0.01)
        return seen, frozenset({process})

    monkeypatch.setattr(ending, "_look", before)
    monkeypatch.setattr(ending, "END_SECONDS", 1)
    run(server, ORDERS)
    run(server, WITHOUT_OWNER)
    assert outstanding(server, WITHOUT_OWNER) == []


def test_many_sessions_are_told_to_end_at_once(newest: Postgres, monkeypatch: pytest.MonkeyPatch):
    told: list[Collection[str]] = []
    tell = ending.signal_sessions

    def once(home: Session, users: Collection[str]) -> None:
        if not told:
            tell(home, users)
        told.append(users)

    monkeypatch.setattr(ending, "signal_sessions", once)
    monkeypatch.setattr(ending, "END_SECONDS", 5)
    run(newest, ORDERS)
    sessions = [newest.login("owner", "orders") for _ in range(30)]
    run(newest, WITHOUT_OWNER)
    for session in sessions:
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT")


def test_sessions_that_do_not_end_are_named_and_withhold_nothing_from_others(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    run(newest, ORDERS, PAYROLL)
    monkeypatch.setattr(ending, "END_SECONDS", 0.3)
    after = (WITHOUT_OWNER, replace(PAYROLL, own=(), read=("analyst",)))
    with stubborn(newest, "owner", "orders") as process:
        with pytest.raises(SessionsLeftError) as failed:
            run(newest, *after)
        assert f"1 sessions of owner did not end within 0.3 seconds (processes {process})" in str(
            failed.value
        )
        newest.login("analyst", "payroll").close()
        roles = newest.query(
            "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ~ 'owner$|boss'"
        )
        # The one that has a session left is kept, so that the next run looks for it again.
        assert dict(roles)["owner"] is False
        assert "boss" not in dict(roles)
        with pytest.raises(SessionsLeftError):
            run(newest, *after)
    run(newest, *after)
    assert outstanding(newest, *after) == []


@contextmanager
def stubborn(server: Postgres, user: str, database: str) -> Generator[int]:
    """A session of `user` whose process takes no signal, as if it computed without a pause."""
    with server.login(user, database) as session:
        process = session.info.backend_pid
        os.kill(process, signal.SIGSTOP)
        try:
            yield process
        finally:
            os.kill(process, signal.SIGCONT)
            while server.query(f"SELECT 1 FROM pg_stat_activity WHERE pid = {process}"):
                time.sleep(0.01)
