"""A server whose master user has a password, as RDS makes one where nothing else is asked for."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from database_users.administrator import ensure
from database_users.deadline import Deadline
from database_users.postgres.administrator import way_back
from database_users.postgres.session import Connect, Session
from database_users.postgres.statements import HOME
from database_users.secret import Master
from emulator.postgres.administration import SET_UP, as_rds_superuser
from proof.existing.way_back import WayBack, printed
from rds_login.causes import RefusedTokenError
from tests.database_server import Postgres

MASTER = Master("postgres", "a-password")
ADMINISTRATOR = "platform"


def printed_way_back(administrator: str, master: str) -> WayBack:
    """What rids `master` of the `administrator`."""
    return printed(way_back(administrator, master))


@dataclass(frozen=True)
class PasswordMaster:
    """What is done on the server as its master user, with its password."""

    server: Postgres

    def connect(self, database: str = HOME) -> Session:
        """A session as the function has one: a password is no token to who is in rds_iam."""
        if not self.logs_in():
            raise RefusedTokenError(f'PAM authentication failed for user "{MASTER.user}"')
        session = self.server.connect(database, MASTER.user, MASTER.password)
        as_postgresql: Any = session.driver.run
        session.driver.run = lambda sql: as_postgresql(as_rds_superuser(sql))  # pyright: ignore[reportAttributeAccessIssue]
        return session

    def as_administrator(self) -> Session:
        """A session with what passes for a token here, as long as it is asked for."""
        return self.server.connect(HOME, ADMINISTRATOR, "a-token")

    def logs_in(self) -> bool:
        """Whether the master does, with its password: a member of rds_iam is not asked for one."""
        try:
            with self.server.login(MASTER.user, HOME, password="another"):
                return False
        except psycopg.OperationalError:
            pass
        try:
            self.server.login(MASTER.user, HOME, password=MASTER.password).close()
        except psycopg.OperationalError:
            return False
        return True

    def make(self, connect: Connect | None = None) -> None:
        """Have the administrator made; the secret is read if it has to be."""
        ensure(
            ADMINISTRATOR,
            self.as_administrator,
            lambda _: connect or self.connect,
            lambda: MASTER,
            Deadline(time.monotonic() + 60),
        )


@contextmanager
def password_master(server: Postgres) -> Generator[PasswordMaster]:
    """The server with such a master; what it takes is gone afterwards, with the roles."""
    server.execute(
        f"CREATE ROLE {MASTER.user} LOGIN CREATEDB CREATEROLE PASSWORD '{MASTER.password}'"
        " VALID UNTIL 'infinity'",
        f"GRANT rds_superuser TO {MASTER.user}",
        *SET_UP,
    )
    try:
        yield PasswordMaster(server)
    finally:
        server.execute("DROP SCHEMA rds_administration CASCADE")
        server.reset()
