"""Does what is planned, logs each sentence, and clears the way of what is ours."""

import logging
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from database_users.deadline import Deadline
from database_users.errors import ChangedError, ConcurrentChangeError
from database_users.plan import Transaction
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.ending import end_sessions, named, signal_sessions
from database_users.postgres.entrance import Entrance
from database_users.postgres.obstacles import Obstacles
from database_users.postgres.order import Visit
from database_users.postgres.reading import read_contents, read_server
from database_users.postgres.session import Connect, Session
from database_users.postgres.statements import HOME
from database_users.postgres.watch import Watch
from database_users.retry import admitted
from rds_login.causes import MissingDatabaseError

RIVAL_ATTEMPTS = 20

log = logging.getLogger("database_users")


class RealRun:
    """Follows the order and does what it says, in `home` and in a session for each database.

    Sessions of `ours` that stand in the way are ended.
    """

    stops = True

    def __init__(
        self,
        server: Server,
        connect: Connect,
        home: Session,
        ours: Collection[str],
        deadline: Deadline,
    ) -> None:
        self.server = server
        self._connect = connect
        self._home = home
        self._entrance = Entrance(self._admitted, ours)
        self._obstacles = Obstacles(connect, self._entrance, ours)
        self._watch = Watch(self._obstacles.removed)
        self._deadline = deadline

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.__exit__()

    def do(self, transaction: Transaction) -> None:
        """Runs `transaction` in the database that everything server-wide runs in."""
        if transaction.beside:
            with self._entrance.entered(HOME) as session:
                self._run(session, transaction)
        else:
            self._run(self._home, transaction)

    def look_again(self) -> None:
        """Reads the server once more; the lock is held already."""
        self.server = read_server(self._home, mark=self.server.mark)

    @contextmanager
    def visit(self, comparison: Comparison, name: str) -> Generator[Visit]:
        """The database `name`, for which a session stays open."""
        with self._entrance.entered(name) as session:

            def read_again() -> tuple[Server, Contents]:
                with self._watch.over(session.driver.process):
                    server = read_server(session, mark=self.server.mark)
                    return server, read_contents(session, replace(comparison, server=server))

            with self._watch.over(session.driver.process):
                contents = read_contents(session, comparison)
            yield Visit(contents, lambda one: self._run(session, one), read_again)

    def _admitted(self, name: str) -> Session:
        try:
            return admitted(lambda: self._connect(name), self._deadline)
        except MissingDatabaseError as error:  # it was there when the server was read
            raise ChangedError(str(error)) from None

    def end_sessions(self, users: Collection[str]) -> Mapping[str, str]:
        """Ends the sessions of `users`, and tells of whom some are left.

        What they have prepared to commit is rolled back.
        """
        left = dict(named(end_sessions(self._home, users)))
        left |= dict(self._obstacles.rolled_back(self._home, users))
        for user in users:
            if user not in left:
                log.info("no session of %s is left", user)
        return left

    def _run(self, session: Session, transaction: Transaction) -> None:
        self._deadline.left()
        for attempt in range(RIVAL_ATTEMPTS, 0, -1):
            try:
                session.run(transaction.statements, self._watch)
                break
            except ConcurrentChangeError:
                if attempt == 1 or not transaction.rivals:
                    raise
                # They come back, but not before the next statement.
                signal_sessions(session, transaction.rivals)
        for statement in transaction.statements:
            log.info("%s", statement.sentence)
