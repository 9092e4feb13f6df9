"""Which of the declared databases a run enters."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from database_users.desired import Database
from database_users.postgres.comparison import Comparison

Scope = Callable[[Comparison], Collection[str]]


def everything(comparison: Comparison) -> frozenset[str]:
    """The scope of a run that enters every declared database."""
    return frozenset(database.name for database in comparison.databases)


def nothing(_: Comparison) -> frozenset[str]:
    """The scope of a run that only removes users: it enters databases in which they own."""
    return frozenset()


def changed_since(old: Iterable[Database]) -> Scope:
    """The scope of a run after `old` was brought about: what differs from it, or is unfinished.

    Within a database nothing depends on the login users, and a database is opened for its roles
    last, so that what the server-wide catalog shows as open was finished once.
    """
    known = frozenset(map(_inside, old))

    def scope(comparison: Comparison) -> Collection[str]:
        owning = {holding.database for holding in comparison.server.holdings if holding.owns}
        return {
            database.name
            for database in comparison.databases
            if _inside(database) not in known
            or not _was_opened(comparison, database)
            or (database.old_owners and database.name in owning)
        }

    return scope


def _inside(database: Database) -> Database:
    """What of it is a matter of the database's own catalogs."""
    return replace(database, connection_limit=None)


def _was_opened(comparison: Comparison, database: Database) -> bool:
    existing = comparison.server.databases.get(database.name)
    return existing is not None and {database.reader, database.writer} <= {
        grant.grantee for grant in existing.acl if "CONNECT" in grant.privileges
    }
