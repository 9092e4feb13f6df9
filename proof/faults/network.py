"""What can be between a client and its server."""

import socket
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Thread

from proof import impostor
from proof.faults.fault import Asked, Scene
from proof.progress import UnprovenError
from proof.steps.server_identity import IMPOSTOR

# Addresses of loopback, at which the instance's own port is free.
CLOSED, SILENT, MUTE = "127.0.0.4", "127.0.0.5", "127.0.0.6"
# MySQL source documentation, "Protocol::HandshakeV10".
MYSQL_GREETING = (
    b"J\0\0\0\x0a8.0.40\0"  # its length, its number, the protocol's and the server's version
    b"\x08\0\0\0"  # the connection's number
    b"12345678\0\xff\xff\xff\x02\0\xff\xdf\x15"  # a nonce, what the server is capable of
    b"\0\0\0\0\0\0\0\0\0\0123456789012\0caching_sha2_password\0"
)
PUBLIC = "54.93.1.2"  # resolved and never asked


@contextmanager
def silent(scene: Scene) -> Generator[Asked]:
    """A port that nothing answers at, and not since EC2 has anything in the way."""
    with filled(scene):
        yield Asked(variables={"PGHOSTADDR": SILENT})


@contextmanager
def filled(scene: Scene) -> Generator[None]:
    """At `SILENT` a port whose queue is full, so that the kernel answers to nobody."""
    with ExitStack() as held, _listening(scene, SILENT, backlog=0):
        for _ in range(4):
            one = held.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((SILENT, scene.deployment.endpoint.port))
        yield


@contextmanager
def mute(scene: Scene) -> Generator[Asked]:
    """A port that opens, and nobody speaks."""
    with _listening(scene, MUTE, backlog=16):
        yield Asked(variables={"PGHOSTADDR": MUTE})


@contextmanager
def hanging_up(scene: Scene) -> Generator[Asked]:
    """A forwarded port that leads nowhere."""
    with _greeting(scene, b""):
        yield Asked(variables={"PGHOSTADDR": MUTE})


@contextmanager
def mysql(scene: Scene) -> Generator[Asked]:
    """A server of another engine, which speaks first."""
    with _greeting(scene, MYSQL_GREETING):
        yield Asked(variables={"PGHOSTADDR": MUTE})


@contextmanager
def without_tls(scene: Scene) -> Generator[Asked]:
    """A server that speaks no TLS, and would take the token."""
    with impostor.listening(IMPOSTOR, scene.deployment.endpoint.port) as server:
        yield Asked(variables={"PGHOSTADDR": IMPOSTOR})
    if server.tokens:
        raise UnprovenError("the doctor sent a token in the clear")


@contextmanager
def public(scene: Scene) -> Generator[Asked]:
    """A name that leads to an address of the internet, as that of a public instance does."""
    with _publicly_accessible(scene):
        yield Asked(variables={"PGHOSTADDR": ""}, resolves=PUBLIC)


@contextmanager
def _publicly_accessible(scene: Scene) -> Generator[None]:
    _make_public(scene, True)
    try:
        yield
    finally:
        _make_public(scene, False)


def _make_public(scene: Scene, public: bool) -> None:
    scene.deployment.account.client("rds").modify_db_instance(
        DBInstanceIdentifier=scene.deployment.instance["DBInstanceIdentifier"],
        PubliclyAccessible=public,
        ApplyImmediately=True,
    )


@contextmanager
def _listening(scene: Scene, address: str, *, backlog: int) -> Generator[socket.socket]:
    with closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, scene.deployment.endpoint.port))
        server.listen(backlog)
        yield server


@contextmanager
def _greeting(scene: Scene, words: bytes) -> Generator[None]:
    """A port at which each gets ``words``, if there are any, and the end of the connection."""
    with _listening(scene, MUTE, backlog=16) as server:

        def greet() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                # Who only looks whether the port opens resets what is said to it.
                with closing(client), suppress(OSError):
                    if words:
                        client.sendall(words)
                        # What was not read would have the greeting lost.
                        client.recv(64)

        Thread(target=greet, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
