"""Ends the sessions of users, also those that nobody sees, and looks whether they are gone."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from database_users.errors import RefusedStatementError
from database_users.postgres.session import Session
from database_users.postgres.sql import identifier, literal

END_SECONDS = 20
PAUSE_SECONDS = 0.1

# A backend is in one transaction from before its user is looked up until its row in
# pg_stat_activity names the user (PostgreSQL source, utils/init/postinit.c, InitPostgres). So the
# transactions first, and then, from a new snapshot, the sessions: who is in neither came later,
# and finds that its user may not log in.
_LOOK = """SELECT 'starting', pid, NULL FROM pg_locks
    WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock' AND pid <> pg_backend_pid();
SELECT 'looked', NULL, pg_stat_clear_snapshot()::text;
SELECT 'known', pid, usename FROM pg_stat_activity
    WHERE usename IS NOT NULL OR backend_type <> 'client backend'"""
# A superuser ends a superuser's alone, and whom one may not end, ends no other's in one statement.
_SIGNAL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    JOIN pg_roles r ON r.oid = usesysid
    WHERE rolname IN ({}) AND NOT rolsuper"""


def signal_sessions(home: Session, users: Collection[str]) -> None:
    """Tells the sessions of `users` that are seen to end, all at once; waits for none."""
    home.query(_SIGNAL.format(", ".join(map(literal, users))), "telling sessions to end")


def end_sessions(home: Session, users: Collection[str]) -> Mapping[str, tuple[int, ...]]:
    """Ends the sessions of `users`, who may log in no more.

    Returns:
        The process ids of the sessions that are left after `END_SECONDS`, by user.

    Raises:
        ServerError: the master may not, or the connection is lost.
    """
    until = time.monotonic() + END_SECONDS
    clean = False
    while True:
        signal_sessions(home, users)
        left, unseen = _look(home, users)
        for user in users if unseen else ():
            left[user] += _ended_unseen(home, user, unseen)
        found = {user: tuple(processes) for user, processes in left.items() if processes}
        # Who is still at the door is looked at again: it may have been let in before.
        if (not found and (clean or not unseen)) or time.monotonic() > until:
            return found
        clean = not found
        time.sleep(PAUSE_SECONDS)


def _look(
    home: Session, users: Collection[str]
) -> tuple[defaultdict[str, list[int]], frozenset[int]]:
    """The sessions of `users` that are seen, and the backends that do not say whose they are."""
    starting: set[int] = set()
    known: dict[int, str | None] = {}
    for what, process, user in home.query(_LOOK, "looking for sessions"):
        match what:
            case "starting":
                starting.add(process)
            case "known":
                known[process] = user
            case _:
                pass
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for process, user in known.items():
        if user is not None and user in users:
            seen[user].append(process)
    return seen, frozenset(starting - known.keys())


def _ended_unseen(home: Session, user: str, processes: Collection[int]) -> list[int]:
    """Those of `processes` that are `user`'s: it may end its own alone, and so tells them apart.

    One that is gone by itself is nobody's.
    """
    return [process for process in sorted(processes) if _ended_as(home, user, process)]


def _ended_as(home: Session, user: str, process: int) -> bool:
    # Signals are not rolled back, and the master's membership is.
    try:
        ((ended,),) = home.query(
            f"BEGIN; GRANT {identifier(user)} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;"
            f" SET LOCAL ROLE {identifier(user)}; SELECT pg_terminate_backend({process:d})",
            f"telling a session of {user} to end",
        )
    except RefusedStatementError:
        return False
    finally:
        home.query("ROLLBACK", "being the master again")
    return ended


def named(left: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, str]]:
    """Each user with what is left of it, in words."""
    for user, processes in left.items():
        yield (
            user,
            f"{len(processes)} sessions of {user} did not end within {END_SECONDS} seconds"
            f" (processes {', '.join(map(str, processes))}): it may log in no more, but what they"
            " run goes on; reboot the instance to end them",
        )
