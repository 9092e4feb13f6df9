"""Does what is planned, logs each sentence, and tells who is in the way."""

import logging
from collections.abc import Collection, Generator
from contextlib import contextmanager

from database_users.plan import Transaction
from database_users.postgres.catalog.server import Server
from database_users.postgres.order import Visit
from database_users.postgres.reading import read_contents, read_server
from database_users.postgres.session import Connect, Session
from database_users.postgres.statements import HOME
from rds_login.causes import ServerError

_HOLDERS = """SELECT format('%s (process %s, in %s since %s: %s)', usename, pid, datname,
    date_trunc('second', xact_start), state) FROM pg_stat_activity
    WHERE pid = ANY (pg_blocking_pids({:d}))"""

log = logging.getLogger("database_users")


class RealRun:
    """Follows the order and does what it says, in `home` and in a session for each database."""

    def __init__(self, server: Server, connect: Connect, home: Session) -> None:
        self.server = server
        self._connect = connect
        self._home = home

    def do(self, transaction: Transaction) -> None:
        """Runs `transaction` in the database that everything server-wide runs in."""
        self._run(self._home, transaction)

    def look_again(self) -> None:
        """Reads the server once more; the lock is held already."""
        self.server = read_server(self._home)

    @contextmanager
    def visit(self, name: str, leaving: Collection[str]) -> Generator[Visit]:
        """The database `name`, for which a session stays open."""
        with self._connect(name) as session:
            contents = read_contents(session, self.server, leaving)
            yield Visit(contents, lambda transaction: self._run(session, transaction))

    def _run(self, session: Session, transaction: Transaction) -> None:
        session.run(transaction.statements, self._holder)
        for statement in transaction.statements:
            log.info("%s", statement.sentence)

    def _holder(self, process: int) -> str:
        try:
            with self._connect(HOME) as session:
                rows = session.query(_HOLDERS.format(process), "reading who holds the lock")
        except ServerError:
            return ""
        return ", ".join(text for (text,) in rows)
