"""A server in the place of an instance, without TLS, that asks for the token and keeps it."""

import socketserver
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import cast

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CLEARTEXT_PASSWORD = b"R" + struct.pack("!II", 8, 3)


class Server(socketserver.ThreadingTCPServer):
    """Keeps the passwords that clients sent in the clear."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Conversation)
        self.tokens: list[str] = []
        self.port: int = self.server_address[1]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Decline encryption; ask whoever goes on for the password."""
        with suppress(struct.error, ConnectionError):
            while True:
                length, code = struct.unpack("!II", self.rfile.read(8))
                if code not in (SSL_REQUEST, GSS_REQUEST):
                    break
                self.wfile.write(b"N")
            self.rfile.read(length - 8)
            self.wfile.write(CLEARTEXT_PASSWORD)
            _, length = struct.unpack("!cI", self.rfile.read(5))
            token = self.rfile.read(length - 4).rstrip(b"\0").decode()
            cast(Server, self.server).tokens.append(token)


@contextmanager
def listening(address: str, port: int) -> Generator[Server]:
    """Listen until left; port 0 is a free one."""
    with Server((address, port)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
