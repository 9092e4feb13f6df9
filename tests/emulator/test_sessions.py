"""What passes through the front door of a database server, and what does not."""

import socket
import ssl
import struct
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from proof.logins import connect
from tests.emulator.conftest import Database

pytestmark = pytest.mark.slow

SSL_REQUEST = struct.pack("!II", 8, 80877103)


def login(*parameters: str) -> bytes:
    """A startup message."""
    body = struct.pack("!I", 196608) + "".join(f"{text}\0" for text in (*parameters, "")).encode()
    return struct.pack("!I", len(body) + 4) + body


def password(text: str) -> bytes:
    """The message with a password."""
    return b"p" + struct.pack("!I", len(text) + 5) + text.encode() + b"\0"


def to_the_end(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection, one way or another."""
    received = b""
    with suppress(ConnectionError):
        while piece := connection.recv(4096):
            received += piece
    return received


@pytest.fixture
def raw(database: Database) -> socket.socket:
    return socket.create_connection(("127.0.0.1", database.endpoint.port), timeout=5)


@pytest.fixture
def raw_tls(database: Database, raw: socket.socket) -> ssl.SSLSocket:
    raw.sendall(SSL_REQUEST)
    assert raw.recv(1) == b"S"
    context = ssl.create_default_context(cafile=str(database.endpoint.authorities))
    return context.wrap_socket(raw, server_hostname=database.endpoint.host)


def test_large_data_passes_both_ways(database: Database) -> None:
    data = bytes(range(256)) * 40_000
    with database.reader.log_in("reader", "postgres") as connection:
        row = connection.execute("SELECT %b::bytea", [data]).fetchone()
    assert row == (data,)


def test_a_terminated_session_ends_the_clients_connection(
    database: Database, master: psycopg.Connection
) -> None:
    with database.reader.log_in("reader", "postgres") as connection:
        master.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            connection.execute("SELECT 1")


def test_a_client_that_leaves_ends_its_session(
    database: Database, master: psycopg.Connection
) -> None:
    with database.reader.log_in("reader", "postgres") as connection:
        pid = connection.info.backend_pid
        # Gone without a word, as a process is that was killed.
        with socket.socket(fileno=connection.fileno()) as taken:
            taken.shutdown(socket.SHUT_RDWR)
            taken.detach()
        deadline = time.monotonic() + 5
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        while master.execute(query, [pid]).fetchone() != (0,):
            assert time.monotonic() < deadline


def test_a_query_can_be_cancelled(database: Database) -> None:
    with database.reader.log_in("reader", "postgres") as connection:
        cancelling = threading.Timer(0.2, connection.cancel)
        cancelling.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")
        cancelling.join()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_without_the_database_says_so(database: Database) -> None:
    with pytest.raises(psycopg.OperationalError, match='database "missing" does not exist'):
        connect(
            database.endpoint,
            database="missing",
            user="reader",
            password=database.reader.token("reader"),
        )


def test_what_is_sent_before_tls_never_counts_as_sent_inside(
    database: Database, raw: socket.socket
) -> None:
    raw.sendall(SSL_REQUEST + login("user", "reader", "database", "postgres"))
    assert raw.recv(1) == b"S"
    context = ssl.create_default_context(cafile=str(database.endpoint.authorities))
    with pytest.raises(OSError):  # noqa: PT011 the handshake fails in one of several ways
        context.wrap_socket(raw, server_hostname=database.endpoint.host)


def test_the_user_that_was_checked_is_the_user_that_logs_in(
    database: Database, raw_tls: ssl.SSLSocket
) -> None:
    """A startup message may name two users; PostgreSQL takes the last, and so must the check."""
    raw_tls.sendall(login("user", "reader", "user", "administrator", "database", "postgres"))
    raw_tls.sendall(password(database.reader.token("reader")))
    assert b'PAM authentication failed for user "administrator"' in to_the_end(raw_tls)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("!II", 1 << 31, 196608),
        struct.pack("!II", 4, 196608),
        struct.pack("!II", 9, 196608) + b"x",
        struct.pack("!II", 12, 2 << 16) + b"\0\0\0\0",
    ],
)
def test_nonsense_ends_the_connection_and_nothing_else(
    database: Database, raw: socket.socket, message: bytes
) -> None:
    with suppress(OSError):  # the server may have closed already
        raw.sendall(message)
        raw.shutdown(socket.SHUT_WR)
    assert not to_the_end(raw).startswith(b"R")
    with database.reader.log_in("reader", "postgres"):
        pass


def test_nonsense_in_the_place_of_a_password_is_refused(raw_tls: ssl.SSLSocket) -> None:
    raw_tls.sendall(login("user", "reader") + b"Q" + struct.pack("!I", 4))
    assert b"expected password response" in to_the_end(raw_tls)
