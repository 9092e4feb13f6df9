"""An instance's endpoint: ends TLS, checks the token, joins the client to the server's socket."""

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import psycopg

from local.aws.rds import protocol
from local.aws.rds.server import ADMINISTRATOR

_AUTHENTICATION_SECONDS = 60
_CHUNK = 1 << 16
_log = logging.getLogger("local.aws.rds")

# Membership through any chain counts; a superuser is a member only if it was made one, unlike
# what pg_has_role says. As text, since a name longer than the server's names is nobody's name.
_IS_IAM_USER = """
    WITH RECURSIVE granted (role) AS (
        SELECT oid FROM pg_roles WHERE rolname::text = %s::text AND rolname <> session_user
        UNION
        SELECT roleid FROM pg_auth_members JOIN granted ON member = role
    )
    SELECT count(*) > 0 FROM granted JOIN pg_roles ON oid = role WHERE rolname = 'rds_iam'
"""

Checker: TypeAlias = Callable[[str, str], None]
"""User and token; ValueError that tells why the token is refused."""


def refuse(_user: str, _token: str) -> None:
    """The check of an instance without IAM authentication."""
    raise ValueError("IAM authentication is off on this instance")


class RefusedError(Exception):
    """What the client is told before its connection ends."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FrontDoor:
    """Listens on a free loopback port. All methods but `listen` run in the loop's thread."""

    def __init__(self, *, server_socket: Path, error_log: Path) -> None:
        self._server_socket = server_socket
        self._error_log = error_log
        self._administrator: psycopg.AsyncConnection[tuple[bool]] | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self.certificate: ssl.SSLContext | None = None
        self.force_ssl = True
        self.check: Checker = refuse

    async def open(self) -> None:
        """Accept connections from now on."""
        self._accepting = asyncio.create_task(self._accept())

    async def close(self) -> None:
        """End each session and stop listening."""
        tasks = [*self._sessions, *filter(None, [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        await self.forget_server()

    async def forget_server(self) -> None:
        """Drop our own connection to the server, which is about to stop."""
        if self._administrator:
            await self._administrator.close()
            self._administrator = None

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, address = await loop.sock_accept(self._listener)
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = asyncio.create_task(self._serve(connection, address[0]))
            self._sessions.add(session)
            session.add_done_callback(self._sessions.discard)

    async def _serve(self, connection: socket.socket, client: str) -> None:
        try:
            async with asyncio.timeout(_AUTHENTICATION_SECONDS):
                joined = await self._begin(connection, client)
            if joined:
                await _join(*joined)
        except (OSError, EOFError, TimeoutError, ssl.SSLError) as error:
            _log.debug("connection of %s ended: %s", client, error)
        except Exception:
            _log.exception("connection of %s ended", client)
        finally:
            connection.close()

    async def _begin(
        self, connection: socket.socket, client: str
    ) -> tuple["_Stream", "_Stream"] | None:
        """Take a connection to where its session begins; None if it does not have one."""
        code, length = await _request(connection)
        if code == protocol.GSS_REQUEST:
            await asyncio.get_running_loop().sock_sendall(connection, b"N")
            code, length = await _request(connection)
        if code == protocol.SSL_REQUEST:
            await asyncio.get_running_loop().sock_sendall(connection, b"S")
            # Nothing that was sent in the clear has been read, so nothing of it can be taken for
            # something that was sent inside TLS.
            stream = await _Stream.over(connection, tls=self.certificate)
            length, code = struct.unpack("!II", await stream.read(8))
            encrypted = True
        else:
            stream = await _Stream.over(connection)
            encrypted = False
        if not 8 <= length <= protocol.LONGEST_STARTUP:
            return await stream.close()
        body = await stream.read(length - 8)
        if code == protocol.CANCEL_REQUEST:
            await self._cancel(struct.pack("!II", length, code) + body)
            return await stream.close()
        try:
            return stream, await self._log_in(stream, code, body, client, encrypted=encrypted)
        except RefusedError as refusal:
            stream.write(protocol.fatal(refusal.code, str(refusal)))
            return await stream.close()

    async def _log_in(
        self, stream: "_Stream", version: int, body: bytes, client: str, *, encrypted: bool
    ) -> "_Stream":
        if version >> 16 != 3:
            raise RefusedError("0A000", f"unsupported frontend protocol {version >> 16}")
        try:
            given = protocol.parameters(body)
        except ValueError as error:
            raise RefusedError("08P01", str(error)) from error
        user = given.get("user", "")
        if not user:
            raise RefusedError("28000", "no PostgreSQL user name specified in startup packet")
        database = given.get("database") or user
        is_iam_user = await self._is_iam_user(user)
        if not encrypted and (is_iam_user or self.force_ssl):
            start = "pg_hba.conf rejects connection" if is_iam_user else "no pg_hba.conf entry"
            who = f'host "{client}", user "{user}", database "{database}"'
            raise RefusedError("28000", f"{start} for {who}, no encryption")
        stream.write(protocol.REQUEST_PASSWORD)
        kind, length = struct.unpack("!cI", await stream.read(5))
        if kind != b"p" or not 5 <= length <= protocol.LONGEST_PASSWORD:
            raise RefusedError("08P01", "expected password response")
        token = (await stream.read(length - 4)).removesuffix(b"\0").decode(errors="replace")
        if not is_iam_user:
            # No password exists in the whole system.
            raise RefusedError("28P01", f'password authentication failed for user "{user}"')
        try:
            self.check(user, token)
        except ValueError as error:
            time = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
            with self._error_log.open("a") as log:
                log.write(f"{time} {client} {user}@{database}: {error}\n")
            raise RefusedError("28000", f'PAM authentication failed for user "{user}"') from error
        server = await _Stream.to(self._server_socket)
        # Our reading of the message and not the client's bytes, so that the server cannot take
        # another user from it than the one whose token was checked.
        server.write(protocol.startup(version, given))
        return server

    async def _is_iam_user(self, user: str) -> bool:
        for attempt in (1, 2):
            try:
                if self._administrator is None:
                    self._administrator = await psycopg.AsyncConnection[tuple[bool]].connect(
                        host=str(self._server_socket.parent),
                        user=ADMINISTRATOR,
                        dbname=ADMINISTRATOR,
                        autocommit=True,
                    )
                rows = await self._administrator.execute(_IS_IAM_USER, [user])
                row = await rows.fetchone()
                return bool(row and row[0])
            except psycopg.OperationalError as error:
                self._administrator = None
                if attempt == 2:
                    raise RefusedError("57P03", "the database system is starting up") from error
        raise AssertionError

    async def _cancel(self, request: bytes) -> None:
        server = await _Stream.to(self._server_socket)
        server.write(request)
        await server.close()


class _Stream:
    """A connection, in the clear or inside TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self.write: Callable[[bytes], None] = writer.write
        self.drain: Callable[[], Awaitable[None]] = writer.drain
        self.read: Callable[[int], Awaitable[bytes]] = reader.readexactly

    @classmethod
    async def over(
        cls, connection: socket.socket, *, tls: ssl.SSLContext | None = None
    ) -> "_Stream":
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=tls, ssl_handshake_timeout=10 if tls else None
        )
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    @classmethod
    async def to(cls, path: Path) -> "_Stream":
        return cls(*await asyncio.open_unix_connection(path))

    async def close(self) -> None:
        """Send what was written and close."""
        self._writer.close()
        with suppress(OSError, ssl.SSLError):  # the other side was faster
            await self._writer.wait_closed()


async def _request(connection: socket.socket) -> tuple[int, int]:
    """The code and length of a client's first request, having read these 8 bytes and no more."""
    loop = asyncio.get_running_loop()
    header = b""
    while len(header) < 8:
        piece = await loop.sock_recv(connection, 8 - len(header))
        if not piece:
            raise EOFError
        header += piece
    length, code = struct.unpack("!II", header)
    return code, length


async def _join(client: "_Stream", server: "_Stream") -> None:
    """Carry bytes both ways until either side ends; then end the other."""
    pumps = [
        asyncio.create_task(_pump(client, server)),
        asyncio.create_task(_pump(server, client)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await asyncio.gather(client.close(), server.close())


async def _pump(source: "_Stream", target: "_Stream") -> None:
    while data := await source.reader.read(_CHUNK):
        target.write(data)
        await target.drain()
