"""A statement as a value, and the words that statements are made of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from database_users.privileges import PUBLIC
from database_users.sql import identifier

HOME = "postgres"  # the database that everything server-wide runs in


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql`, to run in `database`, and the sentence that is logged with it."""

    database: str
    sql: str
    sentence: str


Statements = tuple[Statement, ...]


def server_wide(sql: str, sentence: str) -> Statement:
    """A statement on what is not inside one database."""
    return Statement(HOME, sql, sentence)


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


def borrowed(database: str, roles: Iterable[str], statements: Statements) -> Statements:
    """`statements` with the master a member of `roles` for as long as their transaction lasts."""
    ordered = sorted(set(roles))  # the same order everywhere, or two transactions could deadlock
    if not statements or not ordered:
        return statements
    return (
        *(
            Statement(
                database,
                f"GRANT {identifier(role)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                f"{database}: the master acts for {role} in this transaction",
            )
            for role in ordered
        ),
        *statements,
        *(
            Statement(
                database,
                f"REVOKE {identifier(role)} FROM CURRENT_USER",
                f"{database}: the master acts for {role} no more",
            )
            for role in ordered
        ),
    )
