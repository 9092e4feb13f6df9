"""Statements that need the privileges of a role that the master is no member of."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from database_users.plan import Change, Finding, Statement
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import Acl
from database_users.postgres.sql import boolean, identifier


def acting(
    comparison: Comparison, database: str, changes: Iterable[Change], *, prepared: bool = True
) -> Iterator[Change]:
    """`changes`, with the master a member of whom they act for while their transaction lasts.

    Before the roles are `prepared` it may be no member of the declared owners either.
    """
    statements: list[Statement] = []
    for change in changes:
        match change:
            case Statement():
                statements.append(change)
            case Finding():
                yield change
    # In the same order everywhere, or two transactions could deadlock.
    needed = {role for statement in statements for role in statement.acts_for}
    borrowed = sorted(needed - (comparison.acts_as if prepared else comparison.acts_as_before))
    for role in borrowed:
        yield Statement(
            database,
            f"GRANT {identifier(role)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
            f"{database}: the master acts for {role} in this transaction",
        )
    yield from _with_roles(database, statements)
    for role in borrowed:
        yield Statement(
            database,
            _given_back(comparison, role),
            f"{database}: the master acts for {role} no more",
        )


def grants_as(comparison: Comparison, owner: str, acl: Acl) -> str:
    """The role to run a statement on privileges as, that is to be `owner`'s.

    A member of the owner grants and revokes for whichever of its roles has the grant option, and
    that is not always the owner (PostgreSQL manual, "GRANT", notes).
    """
    ambiguous = any(grant.grantable for grant in acl)
    return owner if ambiguous and owner != comparison.server.master else ""


def _with_roles(database: str, statements: Iterable[Statement]) -> Iterator[Statement]:
    last = ""
    for role, consecutive in groupby(statements, lambda statement: statement.role):
        if role != last:
            yield _as_role(role, database)
        yield from consecutive
        last = role
    if last:
        yield _as_role("", database)


def _as_role(role: str, database: str) -> Statement:
    return Statement(
        database,
        f"SET ROLE {identifier(role) if role else 'NONE'}",
        f"{database}: as {role or 'the master again'}",
    )


def _given_back(comparison: Comparison, role: str) -> str:
    master = comparison.server.master
    for grant in comparison.server.grants_of.get((role, master), ()):
        if grant.grantor == master:
            return (
                f"GRANT {identifier(role)} TO CURRENT_USER"
                f" WITH INHERIT {boolean(grant.inherit)}, SET {boolean(grant.set)}"
            )
    return f"REVOKE {identifier(role)} FROM CURRENT_USER"
