"""A run that is killed before a statement."""

import threading

from database_users.plan import Statements
from database_users.postgres.session import Connect, Session
from database_users.postgres.watch import Watch


class KilledError(Exception):
    """The function is gone from one moment to the next."""


class Fuse:
    """Opens sessions that die before the statement number `left`, in whatever transaction."""

    def __init__(self, connect: Connect, left: int = 1_000_000) -> None:
        self._connect = connect
        self._whole = self._left = left
        self._lock = threading.Lock()

    @property
    def burnt(self) -> int:
        """How many statements ran: what ends a session is none of them."""
        return self._whole - self._left

    def connect(self, database: str) -> Session:
        session = self._connect(database)
        whole = session.run

        def run_until_killed(statements: Statements, watch: Watch) -> None:
            with self._lock:
                left = self._left
                self._left -= len(statements)
            if left >= len(statements):
                whole(statements, watch)
                return
            together = len(statements) > 1
            if left >= 0 and together:
                session.driver.run("BEGIN")
                for statement in statements[:left]:
                    session.driver.run(statement.sql)
            session.driver.close()
            raise KilledError

        session.run = run_until_killed  # pyright: ignore[reportAttributeAccessIssue]
        return session
