"""What a deploy notes on the server of whom it revokes, and a rollback reads."""

import time
from collections.abc import Iterator

from database_users.desired import IAM, Database
from database_users.plan import Finding, Planned, Transaction
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.memberships import is_member
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import server_wide
from database_users.rollback import Revocations, Transition, without


def remembered(
    databases: tuple[Database, ...], server: Server, transition: Transition | None
) -> tuple[tuple[Database, ...], tuple[Planned, ...]]:
    """`databases` without whom a rollback keeps out, and what is to be done and told first of all.

    Without a `transition` nothing is undone, and nothing can be.
    """
    if transition is None or transition.before == transition.after:
        return databases, ()
    now, known = int(time.time()), Revocations.parse(server.note)
    undone = known.undone_by(transition, now)
    if undone is None:
        return databases, tuple(_noted(server, transition, known.noted(transition, now)))
    comparison = Comparison(databases, server)
    # Whose revocation did not begin stays what it is.
    out = frozenset(user for user in undone if not _is_whole(comparison, user))
    return without(databases, out), tuple(_told(out))


def _noted(server: Server, transition: Transition, text: str) -> Iterator[Transaction]:
    """Before anything is done: the deploy may be cut off at any point."""
    if server.mark in server.roles:
        users = ", ".join(sorted(transition.revoked)) or "nobody"
        noted = server_wide(
            f"COMMENT ON ROLE {identifier(server.mark)} IS {literal(text)}",
            f"noted, so that no rollback gives access back: that of {users} ends",
        )
        yield Transaction((noted,), may_fail=True)


def _is_whole(comparison: Comparison, user: str) -> bool:
    server = comparison.server
    role = server.roles.get(user)
    if role is None or user not in comparison.logins:
        return False
    database, level = comparison.logins[user]
    return (
        role.can_login
        and is_member(server, user, IAM, inherit=True)
        and is_member(server, user, database.group(level), inherit=level != "own")
    )


def _told(users: frozenset[str]) -> Iterator[Finding]:
    """That a rollback does not give everything back, and what does."""
    for user in sorted(users):
        yield Finding(
            f"{user} does not get its access back: it was revoked within the last hour, and this is"
            " a rollback, or looks like one; another declaration gives it back, and so does"
            " `make repair`"
        )
