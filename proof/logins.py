"""Real logins to an RDS instance, made as psql and every driver make them."""

from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from proof.account import Credentials


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A database server: its real name and port, and the authorities that vouch for it."""

    host: str
    port: int
    authorities: Path


@cache
def _signer(credentials: Credentials, region: str) -> Any:
    return credentials.session(region).client("rds")


def token(credentials: Credentials, endpoint: Endpoint, user: str, *, region: str) -> str:
    """A token for ``user``: signed here, with no call."""
    return _signer(credentials, region).generate_db_auth_token(endpoint.host, endpoint.port, user)


def connect(
    endpoint: Endpoint,
    *,
    database: str,
    user: str,
    password: str,
    sslmode: str = "verify-full",
) -> psycopg.Connection:
    """Log in under the endpoint's real name, which stands for an address on loopback here.

    Raises:
        psycopg.OperationalError: the server, or libpq, refused.
    """
    return psycopg.connect(
        host=endpoint.host,
        hostaddr="127.0.0.1",
        port=endpoint.port,
        dbname=database,
        user=user,
        password=password,
        sslmode=sslmode,
        sslrootcert=str(endpoint.authorities),
        # A busy machine may take its time; whom it lets in does not depend on it.
        connect_timeout=60,
        passfile="/nonexistent",
        autocommit=True,
    )


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody who can sign: a role's session, and the instance that it signs for."""

    name: str
    credentials: Credentials
    endpoint: Endpoint
    region: str

    def token(self, user: str) -> str:
        """A token with which this identity would log in as ``user``."""
        return token(self.credentials, self.endpoint, user, region=self.region)

    def log_in(self, user: str, database: str) -> closing[psycopg.Connection]:
        """Log in with a fresh token. psycopg.OperationalError if refused."""
        return closing(
            connect(self.endpoint, database=database, user=user, password=self.token(user))
        )
