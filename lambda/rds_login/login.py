"""A login over a connection that is TLS already."""

import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol, cast

from pg8000.exceptions import DatabaseError  # pyright: ignore[reportMissingTypeStubs]

from rds_login.causes import ServerError, network_error, refused_login
from rds_login.raw_names import SERVERS_OWN, RawConnection
from rds_login.recognition import SilentLoginError


class Driver(Protocol):
    """What is used of `pg8000.native.Connection`."""

    def run(self, sql: str) -> list[Any] | None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102

    @property
    def process(self) -> int: ...  # noqa: D102

    @property
    def parameter_statuses(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def notices(self) -> deque[Mapping[bytes, bytes]]: ...  # noqa: D102


class LoginError(Exception):
    """The server's refusal: its SQLSTATE and its primary message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message


def log_in(
    secure: ssl.SSLSocket,
    *,
    user: str,
    database: str,
    token: str,
    settings: Mapping[str, str] | None = None,
) -> Driver:
    """A session of ``user`` in ``database``, whose ``settings`` win over the database's own.

    Raises:
        LoginError: the server refuses it.
        OSError: the connection was lost.
    """
    try:
        connection = RawConnection(
            user,
            host="",
            database=database,
            password=token,
            application_name="airflow-rds-iam",
            startup_params={"client_encoding": SERVERS_OWN, **(settings or {})},
            sock=secure,
            ssl_context=False,  # it is TLS already
        )
    except Exception as raised:
        secure.close()
        raise refusal(raised) from None
    return cast(Driver, connection)


def refusal(raised: Exception) -> LoginError | OSError:
    """What `log_in` raises for what the driver raises at a login."""
    first: BaseException = raised
    # pg8000 buries the server's answer under the failing farewell.
    while first.__context__ is not None:
        first = first.__context__
    if isinstance(first, DatabaseError):
        fields = cast("dict[str, str]", first.args[0] if first.args else {})
        return LoginError(fields.get("C", ""), fields.get("M", "no message"))
    if isinstance(first, TimeoutError):
        return SilentLoginError()
    return first if isinstance(first, OSError) else ConnectionResetError()


def connection_error(error: LoginError | OSError, host: str, port: int, user: str) -> ServerError:
    """The cause of a connection that failed, in words."""
    if isinstance(error, LoginError):
        return refused_login(error.code, error.message, host, port, user)
    return network_error(error, host, port)
