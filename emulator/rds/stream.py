"""Bytes to and from one side of a session, in the clear or inside TLS."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

_CHUNK = 1 << 16
_HANDSHAKE_SECONDS = 10

Change = Callable[[bytes], bytes]
"""What is carried, from the next piece of what was said."""


def unchanged(data: bytes) -> bytes:
    """What is said, as it is."""
    return data


class Stream:
    """A connection that reads and writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.read: Callable[[int], Awaitable[bytes]] = reader.readexactly
        self.write: Callable[[bytes], None] = writer.write

    @property
    def certificate(self) -> ssl.SSLContext | None:
        """What was presented in the TLS handshake; None in the clear."""
        session: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return session.context if session else None

    @classmethod
    async def over(cls, connection: socket.socket, tls: ssl.SSLContext | None = None) -> "Stream":
        """A stream over an accepted connection; OSError if the TLS handshake fails."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=tls,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS if tls else None,
        )
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    @classmethod
    async def to(cls, path: Path) -> "Stream":
        """A stream to a Unix socket."""
        return cls(*await asyncio.open_unix_connection(path))

    async def pump(self, target: "Stream", change: Change) -> None:
        """Carry what comes from here to `target`, changed, until it ends."""
        while data := await self._reader.read(_CHUNK):
            target.write(change(data))
            await target._writer.drain()

    async def close(self) -> None:
        """Send what was written and close."""
        self._writer.close()
        with suppress(OSError):  # the other side was faster
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once; nothing happens to a stream that is closed."""
        self._writer.transport.abort()


async def join(one: Stream, other: Stream, change: Change = unchanged) -> None:
    """Carry bytes both ways until either side ends; then end the other.

    What `one` says is changed on its way, if at all.
    """
    pumps = [
        asyncio.create_task(one.pump(other, change)),
        asyncio.create_task(other.pump(one, unchanged)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
    await asyncio.gather(one.close(), other.close())
