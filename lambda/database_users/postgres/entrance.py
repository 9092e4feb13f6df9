"""Enters databases, also where a user of ours keeps the master out, again and again."""

import logging
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress

from database_users.errors import ConcurrentChangeError, LockTimeoutError, RefusedStatementError
from database_users.postgres.holders import end_ours, of_catalogs, of_door
from database_users.postgres.session import Connect, Session
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import HOME
from rds_login.causes import (
    FullDatabaseError,
    RefusedLoginError,
    ShutOutError,
    UnansweredLoginError,
)

ATTEMPTS = 10

_STATE = "SELECT pg_get_userbyid(datdba), datallowconn FROM pg_database WHERE datname = {}"

log = logging.getLogger("database_users")


class Entrance:
    """Opens sessions by `connect`; sessions of `ours` that are in the way are ended."""

    def __init__(self, connect: Connect, ours: Collection[str]) -> None:
        self._connect = connect
        self._ours = ours

    def entered(self, database: str) -> Session:
        """A session in `database`, which takes connections and the master then.

        Raises:
            ServerError: the login is refused for another reason, or nothing can be done about it.
        """
        for attempt in range(ATTEMPTS - 1):
            try:
                return self._connect(database)
            except (FullDatabaseError, ShutOutError) as error:
                with self._connect(HOME) as home:
                    if attempt:  # somebody takes back what was done
                        end_ours(home, of_door(home, database, self._ours))
                    if not self._let_in(home, database):
                        raise error from None
                    with suppress(FullDatabaseError, ShutOutError):
                        return self._connect(database)
            except (RefusedLoginError, UnansweredLoginError):
                with self._connect(HOME) as home:
                    if not end_ours(home, of_catalogs(home, database, self._ours)):
                        raise
        return self._connect(database)

    @contextmanager
    def briefly(self, database: str) -> Generator[Session]:
        """A session in `database`, which takes as few connections afterwards as it did before."""
        with self._connect(HOME) as home:
            rows = home.query(_STATE.format(literal(database)), f"reading the state of {database}")
        with self.entered(database) as session:
            yield session
        if rows == [] or rows[0][1]:
            return
        with self._connect(HOME) as home:
            shut = f"ALTER DATABASE {identifier(database)} ALLOW_CONNECTIONS false"
            home.query(shut, f"{database}: it takes no connections again")

    def _let_in(self, home: Session, database: str) -> bool:
        """Whether the master may enter `database` by now.

        Until `home` is closed, nobody else can change that: it has done it once more, uncommitted.
        """
        sentence = f"{database}: the master is let in"
        ((owner, _),) = home.query(_STATE.format(literal(database)), sentence)
        opened = f"ALTER DATABASE {identifier(database)} CONNECTION LIMIT -1 ALLOW_CONNECTIONS true"
        given = f"GRANT CONNECT ON DATABASE {identifier(database)} TO {identifier(owner)}"
        try:
            home.query(f"BEGIN; {opened}; {given}; COMMIT; BEGIN; {opened}", sentence)
        except (ConcurrentChangeError, LockTimeoutError):
            return True
        except RefusedStatementError as error:
            log.warning("%s", error)
            return False
        log.warning("%s", sentence)
        return True
