"""Names as the server has them, byte for byte, whatever encoding its databases have.

In a database of another encoding, or of none (SQL_ASCII), a name need not be text of any kind, and
roles have the same bytes in every database. So nothing is converted on the way: what is no UTF-8
is carried through as Python does with names of files (PEP 383).
"""

import codecs
from typing import Any

from pg8000.native import Connection  # pyright: ignore[reportMissingTypeStubs]

SERVERS_OWN = "SQL_ASCII"  # as a client's encoding: no conversion
_CODEC = "utf-8-or-bytes"


def _encode(text: str, _: str = "strict") -> tuple[bytes, int]:
    return codecs.utf_8_encode(text, "surrogateescape")


def _decode(data: Any, _: str = "strict") -> tuple[str, int]:
    return codecs.utf_8_decode(data, "surrogateescape", True)


def _found(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") == _CODEC:
        return codecs.CodecInfo(_encode, _decode, name=_CODEC)
    return None


codecs.register(_found)


class RawConnection(Connection):
    """A connection whose client encoding is `SERVERS_OWN`; `process` is its backend's id."""

    process = 0

    def handle_BACKEND_KEY_DATA(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Keeps who the backend is (PostgreSQL manual, "Message Formats", BackendKeyData)."""
        self.process = int.from_bytes(data[:4], "big")
        super().handle_BACKEND_KEY_DATA(data, context)  # pyright: ignore[reportUnknownMemberType]

    def handle_PARAMETER_STATUS(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Has the driver read and write what the server has."""
        if data.startswith(b"client_encoding\0"):
            data = b"client_encoding\0" + _CODEC.encode() + b"\0"
        super().handle_PARAMETER_STATUS(data, context)  # pyright: ignore[reportUnknownMemberType]
