"""The part of PostgreSQL's wire protocol that comes before a session.

Source: the PostgreSQL documentation, "Message Formats".
"""

import struct
from collections.abc import Callable, Mapping

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
LONGEST_STARTUP = 10_000
LONGEST_PASSWORD = 65_535

REQUEST_PASSWORD = struct.pack("!cII", b"R", 8, 3)


def parameters(body: bytes) -> dict[str, str]:
    """The parameters of a startup message, after its version. ValueError if malformed."""
    *items, end, rest = body.split(b"\0") if body.endswith(b"\0\0") else [b"", b"?"]
    if end or rest or len(items) % 2:
        raise ValueError("invalid startup packet layout: expected terminator as last byte")
    texts = [item.decode() for item in items]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def startup(version: int, given: Mapping[str, str]) -> bytes:
    """A startup message."""
    items = b"".join(f"{name}\0{value}\0".encode() for name, value in given.items())
    return struct.pack("!II", len(items) + 9, version) + items + b"\0"


def fatal(code: str, message: str) -> bytes:
    """An error that ends the connection."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
    return struct.pack("!cI", b"E", len(fields) + 4) + fields


class Queries:
    """What a client says, piece by piece, with each of its simple queries changed."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change
        self._rest = b""

    def __call__(self, data: bytes) -> bytes:
        """The messages that end in `data`."""
        said, ready = self._rest + data, b""
        while len(said) >= 5 and len(said) > (length := struct.unpack("!I", said[1:5])[0]):
            message, said = said[: length + 1], said[length + 1 :]
            if message[:1] == b"Q":
                text = self._change(message[5:-1].decode()).encode() + b"\0"
                message = struct.pack("!cI", b"Q", len(text) + 4) + text
            ready += message
        self._rest = said
        return ready
