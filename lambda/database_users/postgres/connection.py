"""The one place that opens connections: TLS, token, timeouts."""

import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from socket import create_connection
from struct import pack
from typing import Protocol, Self, cast
from urllib.parse import urlencode

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import CredentialRetrievalError
from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)
from pg8000.native import Connection  # pyright: ignore[reportMissingTypeStubs]

from database_users.errors import (
    BudgetError,
    MissingCredentialsError,
    UntrustedServerError,
    connection_error,
    statement_error,
)
from database_users.postgres.catalog import Row
from database_users.postgres.statements import Statement, Statements

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
LOCK_SECONDS = 5
TOKEN_SECONDS = 900  # Amazon RDS User Guide, "IAM database authentication"
REUSE_SECONDS = 600
_SSL_REQUEST = pack("!ii", 8, 80877103)  # PostgreSQL manual, "Message Formats"

# An owner may set defaults for the sessions in a database; none of them may reach the master's.
SETTINGS = f"""SET search_path = pg_catalog; SET ROLE NONE; SET standard_conforming_strings = on;
SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed';
SET statement_timeout = '{STATEMENT_SECONDS}s'; SET lock_timeout = '{LOCK_SECONDS}s';
"""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which the run has to be over, on the monotonic clock."""

    at: float

    def left(self) -> float:
        """Seconds left.

        Raises:
            BudgetError: there are none.
        """
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise BudgetError(
                "the time for this run is over; what is done stays done, and the next run goes on"
                " from there"
            )
        return seconds


class Driver(Protocol):
    """What is used of `pg8000.native.Connection`."""

    def run(self, sql: str) -> list[Row] | None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Session:
    """A connection to one database, as the user `master`."""

    def __init__(self, driver: Driver, database: str, master: str) -> None:
        self.database = database
        self.driver = driver
        self._user = master
        self._settings = SETTINGS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(InterfaceError, OSError):  # it may be gone already
            self.driver.close()

    def query(self, sql: str, sentence: str) -> list[Row]:
        """The rows of `sql`, which may be several queries: one round trip.

        Raises:
            DatabaseUsersError: with `sentence`, which says what the queries are for.
        """
        try:
            rows = self.driver.run(self._settings + sql)
        except (DatabaseError, InterfaceError, OSError) as error:
            statement = Statement(self.database, sql, sentence)
            raise statement_error(error, statement, self._user) from None
        self._settings = ""
        return rows or []

    def run(self, statements: Statements, holder: Callable[[int], str]) -> None:
        """Runs `statements` in one transaction and one round trip.

        If that fails they run once more one by one, to name the one at fault; `holder` tells who
        blocks the backend with the given process id.

        Raises:
            DatabaseUsersError: with the sentence of the statement at fault.
        """
        if not statements:
            return
        try:
            self.driver.run(";\n".join(statement.sql for statement in statements))
        except DatabaseError:
            self._run_one_by_one(statements, holder)
        except (InterfaceError, OSError) as error:
            raise statement_error(error, statements[0], self._user) from None

    def _run_one_by_one(self, statements: Statements, holder: Callable[[int], str]) -> None:
        ((process,),) = self.driver.run("SELECT pg_backend_pid()") or ((0,),)
        together = len(statements) > 1  # CREATE DATABASE stands alone, outside any transaction
        if together:
            self.driver.run("BEGIN")
        for statement in statements:
            self._run_watched(statement, lambda: holder(process))
        if together:
            self.driver.run("COMMIT")

    def _run_watched(self, statement: Statement, holder: Callable[[], str]) -> None:
        found: list[str] = []
        watch = threading.Timer(LOCK_SECONDS / 2, lambda: found.append(holder()))
        watch.start()
        try:
            self.driver.run(statement.sql)
        except (DatabaseError, InterfaceError, OSError) as error:
            watch.cancel()
            watch.join()
            raise statement_error(error, statement, self._user, "".join(found)) from None
        finally:
            watch.cancel()


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
            DatabaseUsersError: naming the cause and the remedy.
        """
        seconds = min(CONNECT_SECONDS, deadline.left())
        try:
            return Session(self._open(database, seconds), database, self.user)
        except (DatabaseError, InterfaceError, OSError) as error:
            raise connection_error(error, self.host, self.port, self.user) from None

    def _open(self, database: str, seconds: float) -> Driver:
        encrypted = self._encrypted(seconds)
        try:
            connection = Connection(
                self.user,
                host=self.host,
                port=self.port,
                database=database,
                password=self._token(),
                application_name="airflow-rds-iam",
                sock=encrypted,
                ssl_context=False,  # it is TLS already
            )
        except BaseException:
            encrypted.close()
            raise
        encrypted.settimeout(STATEMENT_SECONDS + LOCK_SECONDS)
        return cast(Driver, connection)

    def _encrypted(self, seconds: float) -> ssl.SSLSocket:
        plain = create_connection((self.host, self.port), seconds)
        try:
            plain.sendall(_SSL_REQUEST)
            self._expect_tls(plain.recv(1))
            return self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def _expect_tls(self, answer: bytes) -> None:
        if answer == b"":
            raise ConnectionResetError
        if answer != b"S":
            raise UntrustedServerError(f"{self.host}:{self.port} speaks no TLS")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authorities)

    def _token(self) -> str:
        """A token, used for every connection of its first ten minutes."""
        return self.token or signed_token(
            self.host, self.port, self.user, self.region, int(time.monotonic() / REUSE_SECONDS)
        )


@lru_cache(maxsize=1)
def signed_token(host: str, port: int, user: str, region: str, _: int) -> str:
    """What boto3's `generate_db_auth_token` returns, without the 40 MiB of its RDS client."""
    session = botocore.session.get_session()
    try:
        credentials = session.get_credentials()
    except CredentialRetrievalError as error:
        raise MissingCredentialsError(f"no AWS credentials to sign a token with: {error}") from None
    if credentials is None:
        raise MissingCredentialsError("no AWS credentials to sign a token with")
    query = urlencode({"Action": "connect", "DBUser": user})
    request = AWSRequest("GET", f"https://{host}:{port}/?{query}")
    SigV4QueryAuth(
        credentials.get_frozen_credentials(), "rds-db", region, expires=TOKEN_SECONDS
    ).add_auth(request)
    return str(request.url).removeprefix("https://")
