"""What managed users hold, again and again or for ever, does not hold up a run."""

import os
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.errors import LockTimeoutError
from database_users.postgres import reading, startup, target, watch
from database_users.postgres.run import survey
from database_users.postgres.session import Connect, Session
from tests.database_server import MASTER, PORT, SUPERUSER, VERSIONS, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, run, run_through
from tests.tls_front import listening, write_certificate

pytestmark = pytest.mark.slow

CHANGES = ("ALTER", "GRANT", "REVOKE", "DROP", "REASSIGN")
AFTER = (replace(ORDERS, read=(), own=("owner", "chief")), replace(PAYROLL, own=()))
# Who holds what, with a statement that is not committed.
HELD = {
    "a user its own row": ("reader", "ALTER ROLE reader PASSWORD 'x'"),
    "a user its own settings": ("reader", "ALTER ROLE reader SET work_mem = '1MB'"),
    "a user that stays its own row": ("writer", "ALTER ROLE writer PASSWORD 'x'"),
    "an owner the row of its role": ("owner", "ALTER ROLE orders_owner PASSWORD 'x'"),
    "an owner its database's row": ("owner", "ALTER DATABASE orders CONNECTION LIMIT 50"),
    "an owner its database's privileges": ("owner", "GRANT TEMPORARY ON DATABASE orders TO PUBLIC"),
    "an owner its database's settings": ("owner", "ALTER DATABASE orders SET work_mem = '1MB'"),
    "an owner a table": ("owner", "LOCK TABLE item"),
    "an owner a table's privileges": ("owner", "REVOKE ALL ON item FROM orders_reader"),
    "an owner a schema": ("owner", "ALTER SCHEMA public RENAME TO x"),
    "a writer its own table": ("writer", "CREATE TEMPORARY TABLE mine (id int)"),
    "an owner default privileges": (
        "owner",
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM orders_reader",
    ),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WAIT_SECONDS", 0.05)


def cases(*without: str) -> list[Any]:
    """Each of `HELD` on one version or the other; on both in a full run."""
    full = os.environ.get("HYPOTHESIS_PROFILE") == "full"
    return [
        pytest.param(version, *held, id=f"{who}-{version}")
        for index, (who, held) in enumerate(HELD.items())
        for place, version in enumerate(VERSIONS)
        if who not in without and (full or index % len(VERSIONS) == place)
    ]


def busy(server: Postgres) -> Postgres:
    """A server on which there is something to correct in each place that somebody can hold."""
    server.reset()
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    server.execute(
        "GRANT CONNECT ON DATABASE orders TO PUBLIC",
        "ALTER ROLE writer CREATEDB",
        "ALTER ROLE orders_owner CREATEDB",
        "ALTER ROLE reader IN DATABASE payroll SET role = 'orders_reader'",
    )
    server.execute(
        "GRANT UPDATE ON item TO orders_reader",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE orders_owner GRANT UPDATE ON TABLES TO orders_reader",
        database="orders",
    )
    return server


@pytest.mark.parametrize(("version", "user", "statement"), cases())
def test_what_a_session_holds_is_let_go(
    servers: dict[int, Postgres], version: int, user: str, statement: str
):
    server = busy(servers[version])
    holder = server.login(user, "orders")
    holder.autocommit = False
    holder.execute(statement.encode())
    run(server, *AFTER)
    holder.close()
    assert outstanding(server, *AFTER) == []


@pytest.mark.parametrize(("version", "user", "statement"), cases("a writer its own table"))
def test_what_a_prepared_transaction_holds_is_let_go(
    servers: dict[int, Postgres], version: int, user: str, statement: str
):
    server = busy(servers[version])
    with server.login(user, "orders") as holder:
        for sql in ("BEGIN", statement, "PREPARE TRANSACTION 'it''s mine'"):
            holder.execute(sql.encode())
    run(server, *AFTER)
    assert outstanding(server, *AFTER) == []
    members = server.query("SELECT member::regrole::text FROM pg_auth_members WHERE roleid::regrole"
                         " IN ('writer', 'owner') AND (inherit_option OR set_option)")  # fmt: skip
    assert members == []


@pytest.mark.parametrize(
    ("role", "statement", "after"),
    [
        ("orders_owner", "ALTER DATABASE orders CONNECTION LIMIT 50", (PAYROLL,)),
        ("orders_owner", "GRANT TEMPORARY ON DATABASE orders TO PUBLIC", (PAYROLL,)),
        ("app", "LOCK TABLE apps", (ORDERS, PAYROLL)),
    ],
)
def test_what_is_prepared_as_a_role_that_is_declared_no_more_or_never_was_is_let_go(
    server: Postgres, role: str, statement: str, after: tuple[Database, ...]
):
    busy(server)
    server.execute("CREATE ROLE app", "GRANT app TO owner", user=MASTER)
    server.execute(
        "GRANT USAGE ON SCHEMA public TO app",
        "CREATE TABLE apps ()",
        "ALTER TABLE apps OWNER TO app",
        database="orders",
    )
    with server.login("owner", "orders") as holder:
        for sql in (f"SET ROLE {role}", "BEGIN", statement, "PREPARE TRANSACTION 'x'"):
            holder.execute(sql.encode())
    run(server, *after)
    assert outstanding(server, *after) == []


def test_what_a_prepared_transaction_is_called_writes_no_line_of_the_log(
    server: Postgres, caplog: pytest.LogCaptureFixture
):
    busy(server)
    with server.login("owner", "orders") as holder:
        for sql in ("BEGIN", HELD["an owner the row of its role"][1]):
            holder.execute(sql.encode())
        holder.execute(rb"PREPARE TRANSACTION E'x\nowner exists no more\u202e\x1b[2J'")
    run(server, *AFTER)
    (told,) = (one for one in caplog.messages if "prepared transaction" in one)
    assert r"x\u000aowner exists no more\u202e\u001b[2J of orders_owner" in told


@contextmanager
def ahead(server: Postgres, user: str, statement: str) -> Generator[Connect]:
    """Opens the master's sessions, ahead of whose every change `user` does `statement`.

    It commits while the master waits for it, so that the master's change is refused. Where its
    session was ended, it is back a moment later.
    """

    def login() -> psycopg.Connection[Any]:
        return server.login(user, "orders", options="-c lock_timeout=100")

    sessions = [login()]
    ended = [0.0]
    committing: list[threading.Timer] = []
    lock = threading.Lock()

    def commit() -> None:
        with suppress(psycopg.Error):
            sessions[-1].execute("COMMIT")

    def go_ahead() -> None:
        for timer in committing:
            timer.join()
        committing.clear()
        try:
            sessions[-1].execute("BEGIN")
            sessions[-1].execute(statement.encode())
        except psycopg.Error:
            commit()
            if sessions[-1].closed and time.monotonic() > ended[-1] + 0.1:
                with suppress(psycopg.Error):
                    sessions.append(login())
                    go_ahead()
        else:
            committing.append(threading.Timer(0.05, commit))
            committing[-1].start()

    def connect(database: str) -> Session:
        session = server.connect(database)
        whole = session.driver.run

        def run(sql: str) -> list[Any] | None:
            if sql.startswith(CHANGES):
                with lock:
                    go_ahead()
            found = whole(sql)
            if "pg_terminate_backend" in sql:
                ended.append(time.monotonic())
            return found

        session.driver.run = run  # pyright: ignore[reportAttributeAccessIssue]
        return session

    try:
        yield connect
    finally:
        for timer in committing:
            timer.join()
        sessions[-1].close()


@pytest.mark.parametrize(
    ("version", "user", "statement"), cases("a writer its own table", "an owner a schema")
)
def test_short_transactions_without_end_do_not_hold_it_up(
    servers: dict[int, Postgres],
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    user: str,
    statement: str,
):
    monkeypatch.setattr(watch, "WAIT_SECONDS", 5)  # none of them is long enough to be looked at
    server = busy(servers[version])
    with ahead(server, user, statement) as connect:
        run_through(connect, *AFTER)
    run(server, *AFTER)
    assert outstanding(server, *AFTER) == []


@contextmanager
def locked(server: Postgres, catalog: str) -> Generator[None]:
    """An owner waits for a catalog of its database that it holds itself: no login passes."""
    with (
        closing(server.login("owner", "orders")) as holder,
        closing(server.login("owner", "orders")) as locking,
        held(server, catalog, holder, locking),
    ):
        yield


@contextmanager
def held(
    server: Postgres,
    catalog: str,
    holder: psycopg.Connection[Any],
    locking: psycopg.Connection[Any],
) -> Generator[None]:
    holder.autocommit = False
    holder.execute(f"LOCK TABLE {catalog} IN ACCESS SHARE MODE".encode())

    def lock() -> None:
        with suppress(psycopg.Error):
            locking.execute(f"VACUUM FULL {catalog}".encode())

    thread = threading.Thread(target=lock)
    thread.start()
    try:
        while not server.query("SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass
        yield
    finally:
        holder.close()
        thread.join()


@pytest.mark.parametrize("catalog", ["pg_class", "pg_attribute", "pg_namespace", "pg_depend"])
def test_who_keeps_a_catalog_locked_is_ended(server: Postgres, catalog: str):
    busy(server)
    with locked(server, catalog):
        run(server, *AFTER)
    assert outstanding(server, *AFTER) == []


def test_a_check_ends_nobody_and_counts_the_database_whose_catalogs_are_locked(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
):
    run(busy(server), ORDERS, PAYROLL)
    monkeypatch.setitem(startup.SETTINGS, "lock_timeout", "300")
    with locked(server, "pg_class"):
        sessions = server.query("SELECT pid FROM pg_stat_activity WHERE usename = 'owner'")
        plan = survey(
            server.connect, (ORDERS, replace(PAYROLL, own=())), Deadline(time.monotonic() + 60)
        )
        assert sessions == server.query("SELECT pid FROM pg_stat_activity WHERE usename = 'owner'")
    assert plan.unread == ("orders",)
    assert "canceling statement due to lock timeout" in str(plan.findings[-1])
    assert 'DROP ROLE "boss"' in [statement.sql for statement in plan.statements()]


@pytest.fixture
def beyond_tls(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Connect]:
    """Opens the master's sessions as in AWS, and waits for no login longer than a second."""
    monkeypatch.setattr(target, "CONNECT_SECONDS", 1)
    write_certificate(tmp_path / "ca.pem", "localhost")
    socket, authorities = server.directory / f".s.PGSQL.{PORT}", tmp_path / "ca.pem"
    with listening(socket, authorities, lambda user, token: bool(user and token)) as port:
        master = target.Target("localhost", port, MASTER, "", authorities, token="x")
        yield lambda database: master.connect(database, Deadline(time.monotonic() + 60))


def test_who_keeps_each_login_waiting_is_told_of_as_that_and_ended(
    server: Postgres, beyond_tls: Connect
):
    """No setting bounds what a login waits for that has to find the catalogs first."""
    busy(server)
    holder, locking = server.login("owner", "orders"), server.login("owner", "orders")
    holder.execute("VACUUM FULL pg_class")  # the file that tells where they are is gone with it
    with closing(locking), held(server, "pg_class", holder, locking):
        plan = survey(beyond_tls, AFTER, Deadline(time.monotonic() + 60))
        assert plan.unread == ("orders",)
        assert "does not answer the login: the server takes the connec" in str(plan.findings[-1])
        run_through(beyond_tls, *AFTER)
    assert outstanding(server, *AFTER) == []


def test_who_is_not_managed_is_named_and_holds_up_nothing_else(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    busy(newest)
    monkeypatch.setitem(startup.SETTINGS, "lock_timeout", "300")
    monkeypatch.setattr(reading, "LOCK_SECONDS", 0.3)
    with newest.superuser() as holder:
        holder.execute("BEGIN")
        holder.execute("ALTER DATABASE orders CONNECTION LIMIT 50")
        with pytest.raises(LockTimeoutError) as failed:
            run(newest, *AFTER)
    assert f"it is held by {SUPERUSER} (process" in str(failed.value)
    roles = {name for (name,) in newest.query("SELECT rolname FROM pg_roles")}
    assert not {"boss", "reader"} & roles
    # Nobody new is let in where something failed.
    assert [sql for sql in outstanding(newest, *AFTER) if "orders" not in sql] == [
        'GRANT "rds_iam" TO "chief" WITH INHERIT TRUE, SET TRUE'
    ]
