"""What can be wrong with a user and its database."""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager

import psycopg

from proof.environment import MASTER
from proof.faults.fault import Scene
from proof.logins import Identity
from proof.shop import IDENTITY as OWNER

Around = Callable[[Scene], AbstractContextManager[None]]
GROUPS = {"read": "reader", "write": "writer", "own": "owner"}


def by_the_master(wrong: str, right: str) -> Around:
    """A statement of the master's and, when left, another."""
    return _altered(wrong, right, lambda _: (MASTER, MASTER, "postgres"))


def by_the_owner(wrong: str, right: str) -> Around:
    """A statement of the database's owner and, when left, another."""

    def owner(scene: Scene) -> tuple[str, str, str]:
        database = scene.grant.database
        return OWNER, scene.deployment.declared.grant(OWNER, database).user, database

    return _altered(wrong, right, owner)


@contextmanager
def crowded(scene: Scene) -> Generator[None]:
    """With all but two of the user's own connections open."""
    with ExitStack() as held:
        for _ in range(_limit(scene) - 2):
            held.enter_context(_signer(scene).log_in(scene.grant.user, scene.grant.database))
        yield


@contextmanager
def kept_waiting(scene: Scene) -> Generator[None]:
    """With a session that waits for a table which somebody locked."""
    user, database = scene.grant.user, scene.grant.database
    owner = scene.deployment.declared.grant(OWNER, database).user
    with (
        ThreadPoolExecutor(1) as beside,
        _signer(scene).log_in(user, database) as waiting,
        scene.deployment.identity(OWNER).log_in(owner, database) as holding,
    ):
        holding.execute("BEGIN")
        holding.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        beside.submit(waiting.execute, "SELECT count(*) FROM orders")
        try:
            _wait_until_blocked(holding, waiting.info.backend_pid)
            yield
        finally:
            holding.execute("ROLLBACK")


def _altered(wrong: str, right: str, whose: Callable[[Scene], tuple[str, str, str]]) -> Around:
    @contextmanager
    def around(scene: Scene) -> Generator[None]:
        identity, user, database = whose(scene)
        grant = scene.grant
        words = {
            "user": grant.user,
            "database": grant.database,
            "group": f"{grant.database}_{GROUPS[grant.level]}",
            "enters": grant.user if grant.level == "own" else f"{grant.database}_reader",
            "limit": _limit(scene),
        }
        with scene.deployment.identity(identity).log_in(user, database) as session:
            session.execute(wrong.format(**words).encode())
            try:
                yield
            finally:
                session.execute(right.format(**words).encode())

    return around


def _limit(scene: Scene) -> int:
    query = "SELECT rolconnlimit FROM pg_roles WHERE rolname = %s"
    with scene.deployment.identity(MASTER).log_in(MASTER, "postgres") as session:
        [(limit,)] = session.execute(query, [scene.grant.user]).fetchall()
    return limit


def _signer(scene: Scene) -> Identity:
    return scene.deployment.identity(scene.grant.identity)


def _wait_until_blocked(session: psycopg.Connection, process: int) -> None:
    deadline = time.monotonic() + 20
    while not session.execute("SELECT pg_blocking_pids(%s)", [process]).fetchall()[0][0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"session {process} waits for nobody")
        time.sleep(0.02)
