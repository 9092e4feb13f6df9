"""Looks where a run would work, and changes nothing."""

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager

from database_users.plan import Transaction
from database_users.postgres.catalog.contents import NEW_DATABASE
from database_users.postgres.catalog.server import Server
from database_users.postgres.order import Visit
from database_users.postgres.reading import read_contents
from database_users.postgres.session import Connect


class DryRun:
    """Follows the order without effect; a database that is missing is taken for a new one.

    Without `connect` none is entered.
    """

    def __init__(self, server: Server, connect: Connect | None = None) -> None:
        self.server = server
        self._connect = connect

    def do(self, transaction: Transaction) -> None:
        """Nothing."""

    def end_sessions(self, _: Collection[str]) -> Mapping[str, str]:
        """Nothing, and none is said to be left."""
        return {}

    def look_again(self) -> None:
        """Nothing: no session ended."""

    @contextmanager
    def visit(self, name: str, leaving: Collection[str]) -> Generator[Visit]:
        """The database `name` as it is, or as it would be made."""
        existing = self.server.databases.get(name)
        if self._connect is None or existing is None or not existing.allows_connections:
            yield Visit(NEW_DATABASE, self.do)
            return
        with self._connect(name) as session:
            yield Visit(read_contents(session, self.server, leaving), self.do)
