"""The words that statements and their sentences are made of."""

from collections.abc import Collection, Iterable, Mapping

from database_users.plan import Statement
from database_users.postgres.privileges import PUBLIC, Kind
from database_users.postgres.sql import identifier

KEYWORDS: Mapping[Kind, str] = {
    "schema": "SCHEMA",
    "table": "TABLE",
    "column": "TABLE",
    "sequence": "SEQUENCE",
    "routine": "ROUTINE",
    "type": "TYPE",
    "large object": "LARGE OBJECT",
    "foreign server": "FOREIGN SERVER",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "language": "LANGUAGE",
    "parameter": "PARAMETER",
    "tablespace": "TABLESPACE",
}
VERBS = {
    "GRANT": "now has",
    "REVOKE": "no longer has",
    "REVOKE GRANT OPTION FOR": "may no longer pass on",
}
HOME = "postgres"  # the database that everything server-wide runs in


def server_wide(
    sql: str, sentence: str, role: str = "", acts_for: tuple[str, ...] = ()
) -> Statement:
    """A statement on what is not inside one database."""
    return Statement(HOME, sql, sentence, role, acts_for)


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
