"""A front door that ends TLS for a server without: it takes a token and joins the socket behind.

Run alone (`python -m emulator.postgres.front SOCKET CERTIFICATE`) it prints its port.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from struct import pack, unpack

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from emulator.loop import running_loop

TLS_REQUEST = 80877103
Check = Callable[[str, str], bool]


def write_certificate(path: Path, *names: str) -> None:
    """Writes a certificate for `names`, which is its own authority, and its key to `path`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        for name in names
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


class Front:
    """Takes logins for which `check(user, password)` holds."""

    def __init__(self, socket: Path, certificate: Path, check: Check) -> None:
        self._socket = socket
        self._check = check
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate)

    async def listen(self) -> asyncio.Server:
        """Listens on a free port."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._join(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        with contextlib.suppress(OSError):
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, code = unpack("!ii", await reader.readexactly(8))
        if code != TLS_REQUEST:
            return
        writer.write(b"S")
        await writer.start_tls(self._context)
        head = await reader.readexactly(4)
        start = head + await reader.readexactly(unpack("!i", head)[0] - 4)
        user = start.split(b"user\0", 1)[1].split(b"\0", 1)[0].decode()
        writer.write(b"R" + pack("!ii", 8, 3))
        _, length = unpack("!ci", await reader.readexactly(5))
        password = (await reader.readexactly(length - 4))[:-1].decode()
        if not self._check(user, password):
            message = f'SFATAL\0C28P01\0MPAM authentication failed for user "{user}"\0\0'.encode()
            writer.write(b"E" + pack("!i", len(message) + 4) + message)
            await writer.drain()
            return
        inner_reader, inner_writer = await asyncio.open_unix_connection(self._socket)
        inner_writer.write(start)
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@contextlib.contextmanager
def listening(socket: Path, certificate: Path, check: Check) -> Generator[int]:
    """The port of a front in a thread of this process."""
    with running_loop() as loop:
        listen = Front(socket, certificate, check).listen()
        server = asyncio.run_coroutine_threadsafe(listen, loop).result()
        yield server.sockets[0].getsockname()[1]


async def _main(socket: Path, certificate: Path) -> None:
    server = await Front(socket, certificate, lambda _, token: "X-Amz-Signature" in token).listen()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
