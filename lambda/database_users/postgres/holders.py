"""Who holds what a run waits for, and whether it is a user of ours."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from database_users.postgres.session import Session
from database_users.postgres.sql import literal

# The owner of a database may VACUUM FULL its catalogs, which each login there reads.
_LOCKING = """SELECT usename, pid, usename IN ({ours}) FROM pg_stat_activity WHERE pid IN (
    SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE datname = {database}
    AND locktype = 'relation' AND relation < 16384 AND mode = 'AccessExclusiveLock')"""
# Who waits comes before who asks again.
_ADVISORY = """SELECT usename, pid, ours FROM pg_locks l JOIN pg_stat_activity USING (pid)
    JOIN pg_database d ON d.oid = l.database, LATERAL (SELECT usename <> current_user AND usesysid
        IN (SELECT member FROM pg_auth_members WHERE roleid = to_regrole({mark})) ours) o
    WHERE locktype = 'advisory' AND d.datname = current_database() AND objsubid = 1
    AND (classid::bigint << 32) + objid::bigint = {lock:d} AND (granted OR ours)"""
_SHUTTING = """SELECT usename, pid, usename IN ({ours}) FROM pg_stat_activity, pg_database d
    WHERE d.datname = {database} AND pg_has_role(usesysid, datdba, 'MEMBER')"""

log = logging.getLogger("database_users")


@dataclass(frozen=True, slots=True)
class Holder:
    """The session `process` of `user`, who is one of ours or somebody else."""

    user: str
    process: int
    ours: bool

    def __str__(self) -> str:
        return f"{self.user} (process {self.process})"


def of_advisory_lock(home: Session, lock: int, mark: str) -> list[Holder]:
    """Who holds `lock` in the database of `home`, or is ours, by the `mark`, and waits for it."""
    query = _ADVISORY.format(mark=literal(mark), lock=lock)
    return _holders(home, query, "reading who holds the lock of a run")


def of_catalogs(home: Session, database: str, ours: Collection[str]) -> list[Holder]:
    """Who has catalogs of `database` locked."""
    query = _LOCKING.format(database=literal(database), ours=_names(ours))
    return _holders(home, query, f"reading who locks the catalogs of {database}")


def of_door(home: Session, database: str, ours: Collection[str]) -> list[Holder]:
    """Who may shut and open `database`."""
    query = _SHUTTING.format(database=literal(database), ours=_names(ours))
    return _holders(home, query, f"reading who may shut {database}")


def end_ours(home: Session, holders: Iterable[Holder]) -> bool:
    """Whether some of `holders`, which are ended, are ours."""
    ours = [holder for holder in holders if holder.ours]
    if ours:
        log.warning("in the way, and ended: %s", ", ".join(map(str, ours)))
        # In one message, or the first is back before the last goes.
        ended = (f"SELECT pg_terminate_backend({holder.process:d})" for holder in ours)
        home.query(";".join(ended), "ending sessions")
    return bool(ours)


def _holders(home: Session, query: str, sentence: str) -> list[Holder]:
    return [Holder(*row) for row in home.query(query, sentence)]


def _names(users: Iterable[str]) -> str:
    return ", ".join(map(literal, users)) or "NULL"
