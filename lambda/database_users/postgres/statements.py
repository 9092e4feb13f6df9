"""A statement as a value, and the words that statements are made of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from database_users.postgres.privileges import PUBLIC
from database_users.postgres.sql import identifier

HOME = "postgres"  # the database that everything server-wide runs in


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql`, to run in `database` as `role`, and the sentence that is logged with it.

    Without a `role` the master runs it.
    """

    database: str
    sql: str
    sentence: str
    role: str = ""


Statements = tuple[Statement, ...]


def server_wide(sql: str, sentence: str, role: str = "") -> Statement:
    """A statement on what is not inside one database."""
    return Statement(HOME, sql, sentence, role)


def words(privileges: Collection[str]) -> str:
    """Privileges or attributes as a list, always in the same order."""
    return ", ".join(sorted(privileges))


def grantee_sql(grantee: str) -> str:
    """A grantee as SQL writes it."""
    return "PUBLIC" if grantee == PUBLIC else identifier(grantee)


def grantee_name(grantee: str) -> str:
    """A grantee as people call it."""
    return "everyone (PUBLIC)" if grantee == PUBLIC else grantee


def some(names: Iterable[str], limit: int = 3) -> str:
    """The first names, and how many more there are."""
    found = sorted(names)
    more = len(found) - limit
    return ", ".join(found[:limit]) + (f" and {more} more" if more > 0 else "")
