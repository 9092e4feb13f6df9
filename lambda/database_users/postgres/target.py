"""Opens sessions as the master, with a token over verified TLS."""

import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)
from pg8000.native import Connection  # pyright: ignore[reportMissingTypeStubs]

from database_users.deadline import Deadline
from database_users.postgres.errors import connection_error
from database_users.postgres.session import LOCK_SECONDS, STATEMENT_SECONDS, Driver, Session
from rds_login.tls import encrypted
from rds_login.token import signed_token

CONNECT_SECONDS = 10
REUSE_SECONDS = 600


@dataclass(frozen=True)
class Target:
    """Where the master logs in: `port` over TLS, verified against `host` with `authorities`.

    Without a `token` one is signed with the AWS credentials at hand.
    """

    host: str
    port: int
    user: str
    region: str
    authorities: Path
    token: str | None = field(default=None, repr=False)

    def connect(self, database: str, deadline: Deadline) -> Session:
        """A session in `database`.

        Raises:
            ServerError: naming the cause and the remedy.
        """
        seconds = min(CONNECT_SECONDS, deadline.left())
        try:
            return Session(self._open(database, seconds), database, self.user)
        except (DatabaseError, InterfaceError, OSError) as error:
            raise connection_error(error, self.host, self.port, self.user) from None

    def _open(self, database: str, seconds: float) -> Driver:
        secure = encrypted(self.host, self.port, self._tls, seconds)
        try:
            connection = Connection(
                self.user,
                host=self.host,
                port=self.port,
                database=database,
                password=self._token(),
                application_name="airflow-rds-iam",
                sock=secure,
                ssl_context=False,  # it is TLS already
            )
        except BaseException:
            secure.close()
            raise
        secure.settimeout(STATEMENT_SECONDS + LOCK_SECONDS)
        return cast(Driver, connection)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authorities)

    def _token(self) -> str:
        """A token, used for every connection of its first ten minutes."""
        return self.token or signed_token(
            self.host, self.port, self.user, self.region, int(time.monotonic() / REUSE_SECONDS)
        )
