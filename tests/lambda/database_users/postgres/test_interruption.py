"""A run that is cut off, runs side by side, locks, and connections that go away."""

import os
import threading
import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from database_users import retry
from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.errors import LockTimeoutError, RefusedStatementError, UnsuitableServerError
from database_users.postgres import reading, startup, watch
from database_users.postgres.run import converge, survey
from database_users.postgres.scope import changed_since
from database_users.postgres.session import Session
from rds_login.causes import UnavailableServerError
from tests.database_server import MASTER, SUPERUSER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.fuse import Fuse, KilledError
from tests.runs import looping

# Each of some in a quick run; each in a full one.
EVERY = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "full" else 31


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 60)


ACTIONS = ("SELECT * FROM item", "INSERT INTO item VALUES (1)", "DROP TABLE item")


def access(server: Postgres) -> set[tuple[str, str, str]]:
    """Every (user, database, action) that works, by real logins."""
    found: set[tuple[str, str, str]] = set()
    databases = [
        name
        for (name,) in server.query(
            "SELECT datname FROM pg_database WHERE datallowconn AND datname NOT LIKE 'template%'"
        )
    ]
    for user in ("reader", "writer", "owner", "boss"):
        for database in databases:
            try:
                session = server.login(user, database)
            except psycopg.OperationalError:
                continue
            with session:
                found.add((user, database, "connect"))
                for action in ACTIONS:
                    try:
                        with session.transaction(force_rollback=True):
                            session.execute(action.encode())
                    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
                        continue
                    found.add((user, database, action))
    return found


def state(server: Postgres, databases: tuple[Database, ...]) -> Any:
    assert [s.sql for s in survey(server.connect, databases, deadline()).statements()] == []
    return (
        access(server),
        set(server.query("SELECT rolname, rolcanlogin, rolinherit FROM pg_roles")),
        set(
            server.query(
                "SELECT roleid::regrole::text, member::regrole::text, inherit_option,"
                " set_option FROM pg_auth_members"
            )
        ),
    )


SCENARIOS: dict[str, tuple[tuple[Database, ...], tuple[Database, ...]]] = {
    "first run": ((), (ORDERS, PAYROLL)),
    "change": (
        (ORDERS, PAYROLL),
        (replace(ORDERS, read=("writer",), write=("reader",)), replace(PAYROLL, read=("owner2",))),
    ),
    "removal": ((ORDERS, PAYROLL), (replace(ORDERS, own=()),)),
}


@pytest.mark.first(1)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_that_is_killed_leaves_nobody_with_more_and_the_next_one_ends_it(
    server: Postgres, scenario: str
):
    before, after = SCENARIOS[scenario]

    def prepare() -> None:
        server.reset()
        converge(server.connect, before, deadline())
        if before:
            server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
            server.execute("CREATE TABLE boss_item (id int)", database="payroll", user="boss")

    prepare()
    access_before = access(server)
    fuse = Fuse(server.connect)
    converge(fuse.connect, after, deadline())
    expected = state(server, after)
    for left in range(0, fuse.burnt, EVERY):
        prepare()
        with pytest.raises(KilledError):
            converge(Fuse(server.connect, left).connect, after, deadline())
        # Sessions that died are noticed in a moment.
        assert access(server) <= access_before | expected[0], left
        scope = changed_since(before)
        converge(server.connect, after, deadline(), scope)
        assert state(server, after) == expected, left


def test_two_runs_at_once_wait_for_each_other(server: Postgres):
    errors: list[BaseException] = []

    def apply() -> None:
        try:
            converge(server.connect, (ORDERS, PAYROLL), deadline())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(survey(server.connect, (ORDERS, PAYROLL), deadline()).statements()) == []


def test_a_run_that_waits_too_long_for_another_says_so(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "LOCK_WAITS", (0.05, 0.05))
    said = r"another run has been at work .* advisory lock 70223593121 \(rdsadmin \(process \d+\)\)"
    with newest.superuser() as other:
        other.execute(TAKEN.encode())
        for action in (converge, survey):
            with pytest.raises(LockTimeoutError, match=said):
                action(newest.connect, (ORDERS,), deadline())


TAKEN = f"SELECT pg_advisory_lock({reading.ADVISORY_LOCK})"


@pytest.mark.slow
def test_a_user_that_takes_the_lock_of_a_run_holds_none_up_and_blinds_no_check(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "LOCK_WAITS", (0.2,) * 8)
    converge(server.connect, (ORDERS,), deadline(), lived_in=True)
    after = (replace(ORDERS, read=()),)
    with looping(server, "reader", TAKEN, database="postgres"):
        while not server.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
            pass
        assert list(survey(server.connect, after, deadline(), lived_in=True).statements()) != []
        converge(server.connect, after, deadline(), lived_in=True)
    assert list(survey(server.connect, after, deadline(), lived_in=True).statements()) == []


def test_a_lock_that_is_not_to_be_had_names_who_holds_it(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    newest.execute("CREATE ROLE legacy LOGIN", user=MASTER)
    newest.execute("CREATE DATABASE orders", user=MASTER)
    newest.execute(
        "CREATE TABLE item (id int)", "ALTER TABLE item OWNER TO legacy", database="orders"
    )
    monkeypatch.setattr(watch, "WAIT_SECONDS", 0.1)
    monkeypatch.setitem(startup.SETTINGS, "lock_timeout", "400")
    monkeypatch.setattr(reading, "LOCK_SECONDS", 0.4)
    with newest.superuser("orders") as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT * FROM item")
        with pytest.raises(LockTimeoutError) as failed:
            converge(newest.connect, (replace(ORDERS, old_owners=("legacy",)),), deadline())
    assert "orders: the table public.item belongs to orders_owner, no longer to legacy" in str(
        failed.value
    )
    assert "it is held by rdsadmin (process" in str(failed.value)


def test_a_statement_without_privilege_names_its_sentence(newest: Postgres):
    newest.execute("CREATE ROLE reader LOGIN")
    with pytest.raises(RefusedStatementError) as failed:
        converge(newest.connect, (ORDERS,), deadline())
    message = str(failed.value)
    assert "administrator has no privilege for: reader existed and is taken over" in message
    assert "permission denied" in message


class Flaky:
    """Opens sessions of which the first `failures` lose their connection at once."""

    def __init__(self, server: Postgres, failures: int) -> None:
        self._server = server
        self.failures = failures

    def connect(self, database: str) -> Session:
        session = self._server.connect(database)
        if database == "orders" and self.failures:
            self.failures -= 1
            ((pid,),) = session.query("SELECT pg_backend_pid()", "test")
            self._server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
        return session


def _do_not_wait(_: float) -> None:
    pass


def test_a_lost_connection_is_tried_again_within_bounds(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(time, "sleep", _do_not_wait)
    converge(Flaky(newest, retry.ATTEMPTS - 1).connect, (ORDERS,), deadline())
    assert list(survey(newest.connect, (ORDERS,), deadline()).statements()) == []
    flaky = Flaky(newest, 1000)
    with pytest.raises(UnavailableServerError, match=r"connection was lost|a shutdown"):
        converge(flaky.connect, (ORDERS,), deadline())
    assert flaky.failures == 1000 - retry.ATTEMPTS


def test_a_role_that_somebody_else_changes_at_the_same_time_is_tried_again(server: Postgres):
    converge(server.connect, (ORDERS,), deadline())
    server.execute("ALTER ROLE reader CREATEDB")
    with server.superuser() as other:
        other.execute("BEGIN")
        other.execute("ALTER ROLE reader CONNECTION LIMIT 5")
        waiting = threading.Timer(0.5, lambda: other.execute("COMMIT"))
        waiting.start()
        converge(server.connect, (ORDERS,), deadline())
        waiting.join()
    assert server.query(
        "SELECT rolcreatedb, rolconnlimit FROM pg_roles WHERE rolname = 'reader'"
    ) == [(False, 5)]


def test_an_update_enters_only_what_differs_or_is_unfinished(newest: Postgres):
    both = (ORDERS, PAYROLL)
    converge(newest.connect, both, deadline())
    more = (replace(ORDERS, read=("reader", "analyst")), PAYROLL)
    assert converge(newest.connect, more, deadline(), changed_since(both)).databases == 1
    newest.execute("REVOKE CONNECT ON DATABASE payroll FROM payroll_reader")
    assert converge(newest.connect, more, deadline(), changed_since(more)).databases == 1


def test_a_server_without_iam_authentication_says_so(newest: Postgres):
    newest.execute("ALTER ROLE rds_iam RENAME TO away")
    try:
        with pytest.raises(UnsuitableServerError, match="the role rds_iam does not exist"):
            converge(lambda name: newest.connect(name, SUPERUSER), (ORDERS,), deadline())
    finally:
        newest.execute("ALTER ROLE away RENAME TO rds_iam")
