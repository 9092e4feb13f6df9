"""A session in a database: what it asks, and what it runs, in one round trip each."""

from collections.abc import Callable
from contextlib import suppress
from typing import Self

from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)

from database_users.errors import RefusedStatementError
from database_users.plan import Statement, Statements
from database_users.postgres.catalog.rows import Row
from database_users.postgres.errors import refuse_without_effect, statement_error
from database_users.postgres.watch import Watch
from rds_login.login import Driver


class Session:
    """A connection to one database, as the user `master`, by a cluster's endpoint or not."""

    def __init__(
        self, driver: Driver, database: str, master: str, *, by_cluster: bool = False
    ) -> None:
        self.database = database
        self.by_cluster = by_cluster
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

    def run(self, statements: Statements, watch: Watch) -> None:
        """Runs `statements` in one transaction and one round trip.

        If that fails they run once more one by one, to name the one at fault. While they wait,
        `watch` has a look at who is in their way.

        Raises:
            ServerError: with the sentence of the statement at fault.
        """
        if not statements:
            return
        self.driver.notices.clear()
        try:
            with watch.over(self.driver.process):
                self.driver.run(";\n".join(statement.sql for statement in statements))
        except DatabaseError:
            self._run_one_by_one(statements, watch)
        except (InterfaceError, OSError) as error:
            raise statement_error(error, statements[0], self._user) from None
        refuse_without_effect(self.driver.notices, statements)

    def _run_one_by_one(self, statements: Statements, watch: Watch) -> None:
        together = len(statements) > 1  # CREATE DATABASE stands alone, outside any transaction
        if together:
            self.driver.run("BEGIN")
        self.driver.notices.clear()
        for statement in statements:
            with watch.over(self.driver.process) as waiting:
                try:
                    self.driver.run(statement.sql)
                    refuse_without_effect(self.driver.notices, (statement,))
                except (DatabaseError, InterfaceError, OSError, RefusedStatementError) as error:
                    with suppress(DatabaseError, InterfaceError, OSError):
                        self.driver.run("ROLLBACK")
                    if isinstance(error, RefusedStatementError):
                        raise
                    holder = waiting.holder
                    raise statement_error(error, statement, self._user, holder) from None
        if together:
            self.driver.run("COMMIT")


Connect = Callable[[str], Session]  # to the database of that name
