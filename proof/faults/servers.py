"""What can be wrong with a server."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from proof.environment import MASTER
from proof.faults.fault import Scene
from proof.steps import server_identity

_LEFT = """
SELECT current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)
    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""


@contextmanager
def untrusted(scene: Scene) -> Generator[None]:
    """With a certificate of another authority."""
    with server_identity.presented(scene.deployment, server_identity.UNTRUSTED):
        yield


@contextmanager
def misnamed(scene: Scene) -> Generator[None]:
    """With a certificate of the right authority for another server."""
    with server_identity.presented(scene.deployment, server_identity.MISNAMED):
        yield


@contextmanager
def stopped(scene: Scene) -> Generator[None]:
    """Stopped by somebody."""
    rds, name = _rds(scene)
    rds.stop_db_instance(**name)
    try:
        yield
    finally:
        rds.start_db_instance(**name)


@contextmanager
def starting(scene: Scene) -> Generator[None]:
    """Its process gone, as while it starts anew."""
    rds, name = _rds(scene)
    folder = scene.deployment.state / "aws/rds" / name["DBInstanceIdentifier"]
    [process] = _postgres(folder)
    process.terminate()
    psutil.wait_procs([process], timeout=20)
    try:
        yield
    finally:
        rds.reboot_db_instance(**name)


@contextmanager
def without_iam(scene: Scene) -> Generator[None]:
    """With IAM authentication off."""
    rds, name = _rds(scene)

    def switch(on: bool) -> None:
        rds.modify_db_instance(**name, EnableIAMDatabaseAuthentication=on, ApplyImmediately=True)

    switch(False)
    try:
        yield
    finally:
        switch(True)


@contextmanager
def exhausted(scene: Scene) -> Generator[None]:
    """With no connection left to anybody but the master, who has the last ones."""
    master = scene.deployment.identity(MASTER)
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(master.log_in(MASTER, "postgres"))
            except psycopg.OperationalError:
                yield
                return


@contextmanager
def crowded(scene: Scene) -> Generator[None]:
    """With two connections left to users, and the rest open to somebody else."""
    master = scene.deployment.identity(MASTER)
    with ExitStack() as held:
        first = held.enter_context(master.log_in(MASTER, "postgres"))
        time.sleep(1)  # whoever has left is counted until the server has noticed
        while first.execute(_LEFT).fetchall()[0][0] > 2:
            held.enter_context(master.log_in(MASTER, "postgres"))
        yield


def _rds(scene: Scene) -> tuple[Any, dict[str, str]]:
    name = scene.deployment.instance["DBInstanceIdentifier"]
    return scene.deployment.account.client("rds"), {"DBInstanceIdentifier": name}


def _postgres(folder: Path) -> list[psutil.Process]:
    """The server of an instance: the postgres whose parent is none."""
    found = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.name() == "postgres" and folder.name in " ".join(process.cmdline())
    ]
    return [one for one in found if one.ppid() not in {other.pid for other in found}]
