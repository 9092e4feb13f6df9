"""Runs against a server of the tests, and what its users are refused."""

import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

import psycopg

from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.errors import RefusedStatementError
from database_users.plan import Statements
from database_users.postgres.run import Outcome, converge, survey
from database_users.postgres.session import Connect, Session
from database_users.postgres.watch import Watch
from tests.database_server import Postgres


def run(server: Postgres, *databases: Database) -> Outcome:
    """Makes `server` what `databases` says."""
    return run_through(server.connect, *databases)


def run_through(connect: Connect, *databases: Database) -> Outcome:
    """Makes the server behind `connect` what `databases` says."""
    return converge(connect, databases, Deadline(time.monotonic() + 60))


def outstanding(server: Postgres, *databases: Database) -> list[str]:
    """The statements that would run."""
    plan = survey(server.connect, databases, Deadline(time.monotonic() + 60))
    return [statement.sql for statement in plan.statements()]


def refused(
    server: Postgres, user: str, statements: Iterable[str], database: str = "orders"
) -> list[str]:
    """Those of `statements` that `user` has no privilege for."""
    found: list[str] = []
    with server.login(user, database) as connection:
        for statement in statements:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                found.append(statement)
    return found


@contextmanager
def looping(
    server: Postgres, user: str, statement: str, *, database: str = "orders"
) -> Generator[None]:
    """Sessions of `user` that run `statement` all the time, and come back when they are ended."""
    done = threading.Event()

    def loop() -> None:
        while not done.is_set():
            with suppress(psycopg.Error), server.login(user, database) as attacker:
                while not done.is_set():
                    with suppress(psycopg.errors.InternalError_):  # they are each other's rivals
                        attacker.execute(statement.encode())

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


class Refusing:
    """Opens sessions in which statements with one of `words` are refused."""

    def __init__(self, server: Postgres, *words: str) -> None:
        self._server = server
        self._words = words

    def connect(self, database: str) -> Session:
        session = self._server.connect(database)
        whole = session.run

        def run(statements: Statements, watch: Watch) -> None:
            for statement in statements:
                if any(word in statement.sql for word in self._words):
                    raise RefusedStatementError(f"refused at: {statement.sentence}")
            whole(statements, watch)

        session.run = run  # pyright: ignore[reportAttributeAccessIssue]
        return session
