"""Looks where a run would work, and changes nothing."""

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager

from database_users.plan import Transaction
from database_users.postgres.catalog.contents import NEW_DATABASE, Contents
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.order import Visit

Read = Callable[[Comparison, str], Contents]


class DryRun:
    """Follows the order without effect; a database that is missing is taken for a new one.

    `read` gives what is in a database, and what of it belongs to roles that leave; without it none
    is entered. One that cannot be read does not hide what the others hold.
    """

    stops = False

    def __init__(self, server: Server, read: Read | None = None) -> None:
        self.server = server
        self._read = read

    def do(self, transaction: Transaction) -> None:
        """Nothing."""

    def end_sessions(self, _: Collection[str]) -> Mapping[str, str]:
        """Nothing, and none is said to be left."""
        return {}

    def look_again(self) -> None:
        """Nothing: no session ended."""

    @contextmanager
    def visit(self, comparison: Comparison, name: str) -> Generator[Visit]:
        """The database `name` as it is, or as it would be made."""
        if self._read is None or name not in self.server.databases:
            yield Visit(NEW_DATABASE, self.do)
        else:
            yield Visit(self._read(comparison, name), self.do)
