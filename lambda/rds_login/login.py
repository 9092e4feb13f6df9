"""A login over a connection that is TLS already."""

import ssl
from typing import Any, Protocol, cast

from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)
from pg8000.native import Connection  # pyright: ignore[reportMissingTypeStubs]


class Session(Protocol):
    """What is used of `pg8000.native.Connection`."""

    def run(self, sql: str) -> list[Any] | None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class LoginError(Exception):
    """The server's refusal: its SQLSTATE and its primary message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message


def log_in(secure: ssl.SSLSocket, *, user: str, database: str, token: str) -> Session:
    """A session of ``user`` in ``database``.

    Raises:
        LoginError: the server refuses it.
        OSError: the connection was lost.
    """
    try:
        connection = Connection(
            user,
            host="",
            database=database,
            password=token,
            application_name="airflow-rds-iam",
            sock=secure,
            ssl_context=False,  # it is TLS already
        )
    except BaseException as raised:
        secure.close()
        first = _first(raised)
        if isinstance(first, DatabaseError):
            fields = cast("dict[str, str]", first.args[0] if first.args else {})
            raise LoginError(fields.get("C", ""), fields.get("M", "no message")) from None
        if isinstance(first, InterfaceError):
            raise ConnectionResetError from None
        raise
    return cast(Session, connection)


def _first(raised: BaseException) -> BaseException:
    """What came first: pg8000 buries the server's answer under the failing farewell."""
    while raised.__context__ is not None:
        raised = raised.__context__
    return raised
