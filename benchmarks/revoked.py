"""How long a user that is revoked has a session, from the start of the run."""

import selectors
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figures import Figure, figure
from benchmarks.many import SECONDS, declaration, front_door
from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.postgres.run import converge
from database_users.postgres.scope import changed_since, everything
from database_users.postgres.session import Session
from emulator.postgres.server import MASTER, Postgres, running

READER, OWNER = "airflow_bench_0_read", "shop_bench_0_own"


class Ends:
    """When sessions end: as the client of each hears of it."""

    def __init__(self) -> None:
        self._sockets = selectors.DefaultSelector()
        self._threads: list[threading.Thread] = []
        self._at: list[float] = []

    def of_idle(self, connection: psycopg.Connection[Any]) -> None:
        """Waits for what the server says, of its own accord, to an idle session."""
        self._sockets.register(connection.fileno(), selectors.EVENT_READ)

    def of_busy(self, action: Callable[[], None]) -> None:
        """Waits until `action`, which a session does, ends with it."""

        def act() -> None:
            with suppress(psycopg.Error):
                action()
            self._at.append(time.perf_counter())

        self._threads.append(threading.Thread(target=act, daemon=True))
        self._threads[-1].start()

    def watch(self) -> None:
        """Waits for the idle ones, in a thread of their own."""

        def wait() -> None:
            while self._sockets.get_map():
                for key, _ in self._sockets.select():
                    self._sockets.unregister(key.fileobj)
                    self._at.append(time.perf_counter())

        self._threads.append(threading.Thread(target=wait, daemon=True))
        self._threads[-1].start()

    def last(self) -> float:
        """The moment at which the last one ended."""
        for thread in self._threads:
            thread.join(60)
            if thread.is_alive():
                raise RuntimeError("a session of a revoked user is left")
        return max(self._at)


def revoked(count: int, sessions: int) -> list[Figure]:
    """Seconds to the end of the last session: of an idle one, of many, of a tenant that resists."""
    databases = declaration(count)
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18, max_connections=f"{sessions + 100}", max_prepared_transactions="5") as server,
        front_door(server, Path(directory)) as target,
    ):
        server.execute(*(f"CREATE DATABASE {database.name}" for database in databases), user=MASTER)

        def connect(database: str) -> Session:
            return target.connect(database, Deadline(time.monotonic() + SECONDS))

        def run(declared: tuple[Database, ...], before: tuple[Database, ...] = ()) -> None:
            scope = changed_since(before) if before else everything
            converge(connect, declared, Deadline(time.monotonic() + SECONDS), scope)

        def seconds(without: Database, ending: AbstractContextManager[Ends]) -> float:
            run(databases)
            with ending as ends:
                start = time.perf_counter()
                run((without, *databases[1:]), databases)
                return ends.last() - start

        run(databases)
        reader, owner = replace(databases[0], read=()), replace(databases[0], own=())
        label = f"{count} databases: last session of a revoked user"
        return [
            figure(label, seconds(reader, _idle(server, 1)), "s"),
            figure(f"{label}, of {sessions}", seconds(reader, _idle(server, sessions)), "s"),
            figure(f"{label} that resists", seconds(owner, _resisting(server)), "s"),
        ]


@contextmanager
def _idle(server: Postgres, count: int) -> Generator[Ends]:
    ends = Ends()
    with ExitStack() as stack:
        for _ in range(count):
            ends.of_idle(stack.enter_context(closing(server.login(READER, "bench_0"))))
        ends.watch()
        yield ends


@contextmanager
def _resisting(server: Postgres) -> Generator[Ends]:
    """An owner that holds rows, prepares a transaction, sleeps unseen, and changes in a loop."""
    ends = Ends()

    def sleeps() -> None:
        server.login(OWNER, "bench_0", options="-c post_auth_delay=600").close()

    def prepares() -> None:
        with server.login(OWNER, "bench_0") as session:
            session.execute("BEGIN; CREATE TABLE held (id int); PREPARE TRANSACTION 'held'")
            session.execute("SELECT pg_sleep(600)")

    def loops() -> None:
        with server.login(OWNER, "bench_0") as session:
            session.execute("SET statement_timeout = '20ms'")
            while True:
                with suppress(psycopg.errors.QueryCanceled):
                    session.execute("ALTER DATABASE bench_0 SET work_mem = '6MB'")

    with ExitStack() as stack:
        for held in (
            "SET ROLE NONE; BEGIN; ALTER ROLE CURRENT_USER PASSWORD NULL",
            "BEGIN; ALTER DATABASE bench_0 SET work_mem = '5MB'",
        ):
            holding = stack.enter_context(closing(server.login(OWNER, "bench_0")))
            holding.execute(held.encode())
            ends.of_idle(holding)
        for action in (sleeps, prepares, loops):
            ends.of_busy(action)
        ends.watch()
        time.sleep(1)  # each of them is in the midst of it
        yield ends
