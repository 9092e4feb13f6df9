"""What a deploy notes on the server, for its last step and for a rollback."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from database_users.desired import IAM, Database
from database_users.note import Handover, Note
from database_users.plan import Finding, Planned, Statement, Transaction
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.memberships import is_member
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import server_wide
from database_users.rollback import Transition, without


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a run is to bring about, and what it does and tells first of all.

    `handover` is that of its note, and of the last step that is to follow.
    """

    databases: tuple[Database, ...]
    first: tuple[Planned, ...]
    handover: str


def remembered(
    databases: tuple[Database, ...], server: Server, transition: Transition | None
) -> Beginning:
    """How a run for `databases` begins, which keeps out whom a rollback would let in again.

    Without a `transition` nothing is undone, and nothing can be.
    """
    now, known = time.time(), Note.parse(server.note)
    note, told = known, tuple[Finding, ...]()
    if transition is not None and transition.before != transition.after:
        undone = known.revocations.undone_by(transition, int(now))
        if undone is None:
            note = replace(note, revocations=known.revocations.after(transition, int(now)))
        else:
            comparison = Comparison(databases, server)
            # Whose revocation did not begin stays what it is.
            out = frozenset(user for user in undone if not _is_whole(comparison, user))
            databases, told = without(databases, out), tuple(_told(out))
    retiring = sorted(Comparison(databases, server).retiring)
    if retiring:
        last = tuple(replace(database, retiring=()) for database in databases)
        # Each deploy calls for the last step until it has come.
        if transition is not None or known.handover.databases != last:
            note = replace(note, handover=Handover(f"{now:.3f}", last))
    elif known.handover.databases is not None:
        note = note.handed_over()
    if note == known or server.mark not in server.roles:
        return Beginning(databases, told, note.handover.mark)
    sentences: list[str] = []
    if note.revocations != known.revocations and transition:
        users = ", ".join(sorted(transition.revoked)) or "nobody"
        sentences.append(f"so that no rollback gives access back: that of {users} ends")
    if note.handover != known.handover:
        users = ", ".join(retiring) or "nobody"
        sentences.append(f"for the last step: {users} may log in until then")
    # Before anything is done: the deploy may be cut off at any point.
    noted = Transaction((written(server, note, "; ".join(sentences)),), may_fail=not retiring)
    return Beginning(databases, (noted, *told), note.handover.mark)


def written(server: Server, note: Note, why: str) -> Statement:
    """Writes `note` where the next run reads it."""
    text = literal(str(note)) if str(note) else "NULL"
    return server_wide(f"COMMENT ON ROLE {identifier(server.mark)} IS {text}", f"noted, {why}")


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
