"""Opens sessions as the master, with a token over verified TLS."""

import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from database_users.deadline import Deadline
from database_users.postgres.session import Session
from database_users.postgres.startup import LOCK_SECONDS, STATEMENT_SECONDS, settings_for
from rds_login.endpoint import CLUSTER, endpoint
from rds_login.login import Driver, LoginError, connection_error, log_in
from rds_login.tls import encrypted, trusting
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
    _versions: list[int] = field(default_factory=list[int], init=False, repr=False, compare=False)

    def connect(self, database: str, deadline: Deadline) -> Session:
        """A session in `database`.

        Raises:
            ServerError: naming the cause and the remedy.
        """
        seconds = min(CONNECT_SECONDS, deadline.left())
        try:
            found = endpoint(self.host)
            by_cluster = found is not None and found.kind == CLUSTER
            driver = self._open(database, seconds)
            return Session(driver, database, self.user, by_cluster=by_cluster)
        except (LoginError, OSError) as error:
            raise connection_error(error, self.host, self.port, self.user) from None

    def _open(self, database: str, seconds: float) -> Driver:
        token = self._token()
        secure = encrypted(self.host, self.port, self._tls, seconds)
        version = max(self._versions, default=None)
        driver = log_in(
            secure,
            user=self.user,
            database=database,
            token=token,
            settings=settings_for(version),
        )
        if version is None:  # that of the first session, in a database that is nobody's
            number, _, _ = driver.parameter_statuses["server_version"].partition(".")
            self._versions.append(int(number))
        secure.settimeout(STATEMENT_SECONDS + LOCK_SECONDS)
        return driver

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return trusting(self.authorities)

    def _token(self) -> str:
        """A token, used for every connection of its first ten minutes."""
        return self.token or signed_token(
            self.host, self.port, self.user, self.region, int(time.monotonic() / REUSE_SECONDS)
        )
