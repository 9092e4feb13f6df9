"""A session in a database: what it asks, and what it runs, in one round trip each."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Self

from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)

from database_users.plan import Statement, Statements
from database_users.postgres.catalog.rows import Row
from database_users.postgres.errors import statement_error
from rds_login.login import Driver

WATCH_SECONDS = 0.5  # how long a statement waits before somebody looks why; then twice that


class Session:
    """A connection to one database, as the user `master`."""

    def __init__(self, driver: Driver, database: str, master: str) -> None:
        self.database = database
        self.driver = driver
        self._user = master

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(InterfaceError, OSError):  # it may be gone already
            self.driver.close()

    def query(self, sql: str, sentence: str) -> list[Row]:
        """The rows of `sql`, which may be several queries: one round trip.

        Raises:
            ServerError: with `sentence`, which says what the queries are for.
        """
        try:
            rows = self.driver.run(sql)
        except (DatabaseError, InterfaceError, OSError) as error:
            statement = Statement(self.database, sql, sentence)
            raise statement_error(error, statement, self._user) from None
        return rows or []

    def run(self, statements: Statements, obstacles: Callable[[int], str]) -> None:
        """Runs `statements` in one transaction and one round trip.

        If that fails they run once more one by one, to name the one at fault. While they wait,
        `obstacles` is asked from time to time to clear the way of the backend with the given
        process id, and to tell who was in it.

        Raises:
            ServerError: with the sentence of the statement at fault.
        """
        if not statements:
            return
        try:
            with self._watched(obstacles):
                self.driver.run(";\n".join(statement.sql for statement in statements))
        except DatabaseError:
            self._run_one_by_one(statements, obstacles)
        except (InterfaceError, OSError) as error:
            raise statement_error(error, statements[0], self._user) from None

    def _run_one_by_one(self, statements: Statements, obstacles: Callable[[int], str]) -> None:
        together = len(statements) > 1  # CREATE DATABASE stands alone, outside any transaction
        if together:
            self.driver.run("BEGIN")
        for statement in statements:
            found: list[str] = []
            try:
                with self._watched(obstacles, found):
                    self.driver.run(statement.sql)
            except (DatabaseError, InterfaceError, OSError) as error:
                with suppress(DatabaseError, InterfaceError, OSError):
                    self.driver.run("ROLLBACK")
                raise statement_error(error, statement, self._user, "".join(found[-1:])) from None
        if together:
            self.driver.run("COMMIT")

    @contextmanager
    def _watched(
        self, obstacles: Callable[[int], str], found: list[str] | None = None
    ) -> Generator[None]:
        process = self._process
        done = threading.Event()

        def watch() -> None:
            pause = WATCH_SECONDS
            while not done.wait(pause):
                if (holder := obstacles(process)) and found is not None:
                    found.append(holder)
                pause *= 2

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    @cached_property
    def _process(self) -> int:
        ((process,),) = self.driver.run("SELECT pg_backend_pid()") or ((0,),)
        return process


Connect = Callable[[str], Session]  # to the database of that name
