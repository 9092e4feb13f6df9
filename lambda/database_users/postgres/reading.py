"""Reads the server, under the lock that one run at a time holds, and its databases."""

import logging
from contextlib import suppress
from dataclasses import replace

from database_users.desired import IAM, MANAGED
from database_users.errors import ChangedError, LockTimeoutError, UnsuitableServerError
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.contents_rows import (
    contents_from_rows,
    contents_query,
    further_query,
)
from database_users.postgres.catalog.leaving_rows import leaving_query
from database_users.postgres.catalog.rows import Row
from database_users.postgres.catalog.server import Server
from database_users.postgres.catalog.server_rows import SERVER_QUERY, server_from_rows
from database_users.postgres.comparison import Comparison
from database_users.postgres.holders import Holder, end_ours, of_advisory_lock
from database_users.postgres.planners.handover import keeps_large_objects, leaving
from database_users.postgres.session import Session
from database_users.postgres.startup import LOCK_SECONDS

OLDEST_VERSION = 16  # memberships have INHERIT and SET options since then
READ_TRIES = 5
LOCK_WAITS = (1, 1, 1, 2, 5, 40, 50, 50)  # seconds, try after try
ADVISORY_LOCK = 70_223_593_121  # any number that nobody else takes
ALONE = "pg_advisory_lock"
AMONG_READERS = "pg_advisory_lock_shared"
_READING = "reading the roles and databases"

log = logging.getLogger("database_users")


def read_server(home: Session, lock: str = "", mark: str = MANAGED) -> Server:
    """The server, after `lock` was taken if one is named; the role `mark` marks our users.

    Raises:
        LockTimeoutError: another run has the lock for too long.
        UnsuitableServerError: login users with tokens cannot be made there.
        ServerError: it cannot be read.
    """
    rows = _locked_query(home, lock, mark) if lock else home.query(SERVER_QUERY, _READING)
    server = replace(server_from_rows(rows, mark), by_cluster=home.by_cluster)
    if server.version < OLDEST_VERSION:
        raise UnsuitableServerError(
            f"the server is PostgreSQL {server.version}; allowed is {OLDEST_VERSION} or newer"
        )
    if server.in_recovery:
        raise UnsuitableServerError("the server is a read replica, which takes no changes")
    if IAM not in server.roles:
        raise UnsuitableServerError(
            f"the role {IAM} does not exist: turn IAM authentication on for the instance"
        )
    return server


def read_contents(session: Session, comparison: Comparison) -> Contents:
    """What is in the database of `session`, and what of it belongs to roles that leave.

    Where the list of owners and of who is named says nothing of a catalog that is in use, it holds
    what is PostgreSQL's or RDS's own, and is read as well.

    What is dropped while it is read may not be readable: then all is read once more.

    Raises:
        ServerError: it cannot be read.
    """
    for _ in range(READ_TRIES - 1):
        with suppress(ChangedError):
            return _contents(session, comparison)
    return _contents(session, comparison)


def _contents(session: Session, comparison: Comparison) -> Contents:
    sentence = f"reading the objects of {session.database}"
    catalogs = comparison.server.catalogs_of(session.database)
    query = contents_query(catalogs)
    roles = leaving(comparison, session.database)
    if roles:
        keeping = [one for one in roles if keeps_large_objects(comparison, session.database, one)]
        query += f";{leaving_query(roles, keeping)}"
    rows = session.query(query, sentence)
    if further := further_query(rows, catalogs):
        rows += session.query(further, sentence)
    return contents_from_rows(rows, comparison.is_trusted)


def _locked_query(home: Session, lock: str, mark: str) -> list[Row]:
    """The server's rows, once `lock` was to be had.

    No run has it who is a user of ours: its session is ended, or a reader goes on without.
    """
    held: list[Holder] = []
    for seconds in LOCK_WAITS:
        # A function that died does not say so: let the server find out, and end its lock.
        sql = f"""SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
            SET tcp_keepalives_count = 3; SET lock_timeout = '{seconds}s';
            SELECT 'lock', {lock}({ADVISORY_LOCK})::text; SET lock_timeout = '{LOCK_SECONDS}s';
            {SERVER_QUERY}"""
        try:
            return home.query(sql, _READING)
        except LockTimeoutError:
            held = of_advisory_lock(home, ADVISORY_LOCK, mark)
            log.info("waiting for another run: %s", ", ".join(map(str, held)))
            if lock == ALONE:
                end_ours(home, held)
            elif held and all(one.ours for one in held):
                return home.query(SERVER_QUERY, _READING)
    raise LockTimeoutError(
        f"another run has been at work for {sum(LOCK_WAITS)} seconds: wait for it, or end the"
        f" session that holds the advisory lock {ADVISORY_LOCK}"
        + f" ({', '.join(map(str, held)) or 'nobody any more'})"
    )
