"""Who stands in the way of a statement: ours are ended, anybody else is named."""

import logging
from collections.abc import Collection, Iterator

from database_users.errors import RefusedStatementError
from database_users.postgres.entrance import Entrance
from database_users.postgres.session import Connect, Session
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import HOME
from rds_login.causes import ServerError

_HOLDERS = """SELECT 'session', usename, pid::text, format('%s (process %s, in %s since %s: %s)',
    usename, pid, datname, date_trunc('second', xact_start), state)
    FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids({process:d}));
SELECT 'prepared', owner, gid, p.database FROM pg_prepared_xacts p
    JOIN pg_locks own ON own.pid IS NULL AND own.transactionid = p.transaction
    JOIN pg_locks held ON held.pid IS NULL AND held.virtualtransaction = own.virtualtransaction
    JOIN pg_locks waiting ON waiting.pid = {process:d} AND NOT waiting.granted
    AND (waiting.locktype, waiting.database, waiting.relation, waiting.page, waiting.tuple,
        waiting.transactionid::text, waiting.classid, waiting.objid, waiting.objsubid)
    IS NOT DISTINCT FROM (held.locktype, held.database, held.relation, held.page, held.tuple,
        held.transactionid::text, held.classid, held.objid, held.objsubid) GROUP BY 1, 2, 3, 4"""

_PREPARED = "SELECT owner, gid, database FROM pg_prepared_xacts"

log = logging.getLogger("database_users")


class Obstacles:
    """Ends what sessions and prepared transactions of `ours` hold.

    `connect` opens a session, and the `entrance` one in any database.
    """

    def __init__(self, connect: Connect, entrance: Entrance, ours: Collection[str]) -> None:
        self._connect = connect
        self._entrance = entrance
        self._ours = ours

    def removed(self, process: int) -> str:
        """Who holds what the backend `process` waits for, in words, once ours have been ended."""
        try:
            with self._connect(HOME) as session:
                rows = session.query(_HOLDERS.format(process=process), "reading who is in the way")
                return ", ".join(self._removed(session, *row) for row in rows)
        except ServerError as error:
            log.warning("%s", error)
            return ""

    def rolled_back(self, home: Session, users: Collection[str]) -> Iterator[tuple[str, str]]:
        """Rolls back what `users` have prepared to commit, in whatever database.

        Yields:
            Each user of whom something is left, and what, in words.
        """
        for owner, gid, database in home.query(_PREPARED, "reading the prepared transactions"):
            if owner in users:
                words = f"the prepared transaction {gid} of {owner} in {database}"
                log.warning("%s is rolled back", words)
                try:
                    self._roll_back(owner, gid, database)
                except ServerError as error:
                    yield owner, f"{words} is left: {error}"

    def _removed(self, session: Session, kind: str, owner: str, what: str, more: str) -> str:
        if kind == "session":
            if owner in self._ours:
                log.warning("the session of %s is in the way and is ended: %s", owner, more)
                session.query(f"SELECT pg_terminate_backend({int(what)})", "ending a session")
            return more
        words = f"the prepared transaction {what} of {owner} in {more}"
        if owner in self._ours:
            log.warning("%s is in the way and is rolled back", words)
            self._roll_back(owner, what, more)
        return words

    def _roll_back(self, owner: str, gid: str, database: str) -> None:
        """As its owner, in its database: nobody but a superuser may do so otherwise."""
        with self._entrance.briefly(database) as session:
            role, us = identifier(owner), "CURRENT_USER"
            query = session.query
            ((member,),) = query(
                f"SELECT pg_has_role(current_user, {literal(owner)}, 'SET')", "reading memberships"
            )
            if not member:
                query(f"GRANT {role} TO {us} WITH INHERIT FALSE, SET TRUE", f"acting as {owner}")
            try:
                query(f"SET ROLE {role}", f"acting as {owner}")
                query(f"ROLLBACK PREPARED {literal(gid)}", f"rolling back {gid} of {owner}")
            except RefusedStatementError as error:
                log.warning("%s", error)  # somebody else has ended it
            finally:
                query("SET ROLE NONE", "acting as the master again")
                if not member:
                    query(f"REVOKE {role} FROM {us}", f"acting as {owner} no more")
