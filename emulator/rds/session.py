"""One client's way through the front door to its session."""

import asyncio
import logging
import socket
import ssl
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from emulator.postgres.administration import as_rds_superuser
from emulator.rds import password, protocol
from emulator.rds.protocol import Queries
from emulator.rds.stream import Change, Stream, join, unchanged

_AUTHENTICATION_SECONDS = 60
_log = logging.getLogger("emulator.rds")


@dataclass(frozen=True)
class Known:
    """What the server has of a user: memberships, through whatever chain, and its password."""

    is_iam_user: bool = False
    is_superuser: bool = False
    password: str | None = field(default=None, repr=False)


class Way(Protocol):
    """What is behind the name that a client said."""

    @property
    def server_socket(self) -> Path:
        """Of the server that it is joined to."""
        ...

    @property
    def certificate(self) -> ssl.SSLContext:
        """What the name is proven with."""
        ...


W = TypeVar("W", bound=Way)


class Door(Protocol[W]):
    """What a session asks of its server."""

    force_ssl: bool

    def way(self, certificate: ssl.SSLContext | None = None) -> W:
        """What is behind the name of a certificate, or behind the first name."""
        ...

    async def known(self, user: str) -> Known:
        """What the server has of the user."""
        ...

    def admit(self, way: W, user: str, database: str, client: str, token: str) -> bool:
        """Whether the token lets the user in."""
        ...

    def refused(self, user: str, database: str, client: tuple[str, int], said: str) -> None:
        """Keep what a client is told who is not let in."""
        ...


class RefusedError(Exception):
    """What the client is told before its connection ends."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Session(Generic[W]):
    """A connection from its first byte to its last."""

    def __init__(self, door: Door[W], connection: socket.socket, client: tuple[str, int]) -> None:
        self._door = door
        self._way = door.way()
        self._connection = connection
        self._client = client
        self._streams: list[Stream] = []
        self._change: Change = unchanged

    async def run(self) -> None:
        """Serve the client until either side ends. Raises nothing but a cancellation."""
        try:
            async with asyncio.timeout(_AUTHENTICATION_SECONDS):
                joined = await self._begin()
            if joined:
                await join(*joined, self._change)
        except (OSError, EOFError, TimeoutError) as error:
            _log.debug("connection of %s ended: %r", self._client, error)
        except Exception:
            _log.exception("connection of %s ended", self._client)
        finally:
            for stream in self._streams:
                stream.abort()
            self._connection.close()

    async def _begin(self) -> tuple[Stream, Stream] | None:
        """Take the connection to where its session begins; None if it does not have one."""
        loop = asyncio.get_running_loop()
        length, code = await self._first_request()
        if code == protocol.GSS_REQUEST:
            await loop.sock_sendall(self._connection, b"N")
            length, code = await self._first_request()
        if encrypted := code == protocol.SSL_REQUEST:
            await loop.sock_sendall(self._connection, b"S")
            # Nothing that was sent in the clear has been read, so nothing of it can be taken for
            # something that was sent inside TLS.
            stream = self._kept(await Stream.over(self._connection, self._way.certificate))
            self._way = self._door.way(stream.certificate)
            length, code = struct.unpack("!II", await stream.read(8))
        else:
            stream = self._kept(await Stream.over(self._connection))
        if not 8 <= length <= protocol.LONGEST_STARTUP:
            return None
        body = await stream.read(length - 8)
        if code == protocol.CANCEL_REQUEST:
            server = self._kept(await Stream.to(self._way.server_socket))
            server.write(struct.pack("!II", length, code) + body)
            await server.close()
            return None
        try:
            return stream, await self._log_in(stream, code, body, encrypted=encrypted)
        except RefusedError as refusal:
            stream.write(protocol.fatal(refusal.code, str(refusal)))
            await stream.close()
            return None

    async def _first_request(self) -> tuple[int, int]:
        """The length and code of a request, having read these 8 bytes and no more."""
        loop = asyncio.get_running_loop()
        header = b""
        while len(header) < 8:
            piece = await loop.sock_recv(self._connection, 8 - len(header))
            if not piece:
                raise EOFError
            header += piece
        length, code = struct.unpack("!II", header)
        return length, code

    async def _log_in(
        self, stream: Stream, version: int, body: bytes, *, encrypted: bool
    ) -> Stream:
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
        try:
            await self._expect_token(stream, user, database, encrypted=encrypted)
        except RefusedError as refusal:
            self._door.refused(user, database, self._client, str(refusal))
            raise
        server = self._kept(await Stream.to(self._way.server_socket))
        # Our reading of the message and not the client's bytes, so that the server cannot take
        # another user from it than the one whose token was checked.
        server.write(protocol.startup(version, given))
        return server

    async def _expect_token(
        self, stream: Stream, user: str, database: str, *, encrypted: bool
    ) -> None:
        known, host = await self._door.known(user), self._client[0]
        if not encrypted and (known.is_iam_user or self._door.force_ssl):
            by_token = known.is_iam_user
            start = "pg_hba.conf rejects connection" if by_token else "no pg_hba.conf entry"
            who = f'host "{host}", user "{user}", database "{database}"'
            raise RefusedError("28000", f"{start} for {who}, no encryption")
        stream.write(protocol.REQUEST_PASSWORD)
        kind, length = struct.unpack("!cI", await stream.read(5))
        if kind != b"p" or not 5 <= length <= protocol.LONGEST_PASSWORD:
            raise RefusedError("08P01", "expected password response")
        token = (await stream.read(length - 4)).removesuffix(b"\0").decode(errors="replace")
        if not known.is_iam_user:
            if not password.takes(known.password, token):
                raise RefusedError("28P01", f'password authentication failed for user "{user}"')
            if known.is_superuser:
                self._change = Queries(as_rds_superuser)
            return
        if not self._door.admit(self._way, user, database, host, token):
            raise RefusedError("28000", f'PAM authentication failed for user "{user}"')

    def _kept(self, stream: Stream) -> Stream:
        self._streams.append(stream)
        return stream
