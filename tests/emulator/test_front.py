"""The front door that ends TLS for the servers of the tests."""

import gc
import socket
import sys
from pathlib import Path
from struct import pack

import pytest

from emulator.postgres.front import TLS_REQUEST, listening, write_certificate


def nobody(_user: str, _password: str) -> bool:
    return False


def test_a_client_in_the_middle_of_its_handshake_leaves_nothing_to_the_garbage_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    write_certificate(tmp_path / "server.pem", "localhost")
    with (
        socket.socket() as client,
        listening(tmp_path / "no socket", tmp_path / "server.pem", nobody) as port,
    ):
        client.connect(("127.0.0.1", port))
        client.sendall(pack("!ii", 8, TLS_REQUEST))
        assert client.recv(1) == b"S"
    gc.collect()
    assert not ignored
