"""The local AWS starts clean, listens on loopback alone, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from proof.account import PYTHON, running_account
from proof.programs import ROOT, environment
from tests.emulator.conftest import ACCOUNT, REGION, Database, Stacks, instance

pytestmark = pytest.mark.slow

RUN = "import subprocess, sys; subprocess.run(sys.argv[1:])"
COMMAND = [str(PYTHON), "-m", "emulator", "--account", ACCOUNT, "--region", REGION, "--state"]


def wait(until: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 30
    while not until():
        assert process is None or process.poll() is None, "the process ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(state: Path, *, parent: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*parent, *COMMAND, str(state)], cwd=ROOT, env=environment({}), text=True
    )
    wait((state / "ready.json").exists, process)
    return process


def private_directory(process: psutil.Process) -> Path:
    """The directory for sockets."""
    [janitor] = [child for child in process.children() if "janitor" in child.cmdline()]
    return Path(janitor.cmdline()[-1])


def test_it_ends_with_its_parent_and_when_killed_and_leaves_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    parent = started(state, parent=(sys.executable, "-c", RUN))
    [child] = psutil.Process(parent.pid).children()
    left = private_directory(child)
    parent.kill()
    parent.wait()
    gone, _ = psutil.wait_procs([child], 20)
    assert gone == [child]
    assert not left.exists()
    (state / "functions/left-over").touch()

    process = started(state)
    assert not (state / "functions/left-over").exists()
    Stacks(running_account(state)).deploy("database", {"Server": instance()})
    family = psutil.Process(process.pid).children(recursive=True)
    left = private_directory(psutil.Process(process.pid))
    assert any(member.name() == "postgres" for member in family)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, 20)
    assert alive == []
    assert not left.exists()


def test_it_takes_no_directory_of_somebody_elses(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.touch()
    ran = subprocess.run([*COMMAND, tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert "holds files that are not a local AWS's" in ran.stderr
    assert ran.returncode == 1
    assert precious.exists()


def test_one_state_is_for_one_local_aws(state: Path, database: Database) -> None:
    ran = subprocess.run([*COMMAND, state], cwd=ROOT, capture_output=True, text=True)
    assert "a local AWS runs on" in ran.stderr
    with database.reader.log_in("reader", "postgres"):
        pass


def test_it_listens_on_loopback_alone(state: Path, database: Database) -> None:
    server = psutil.Process(_pid(state))
    processes = [server, *server.children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in _connections(process)
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else drops rights")
def test_root_gives_the_database_to_an_unprivileged_user(state: Path, database: Database) -> None:
    family = psutil.Process(_pid(state)).children(recursive=True)
    users = {child.username() for child in family if child.name() == "postgres"}
    assert users <= {"postgres", "nobody"}
    assert users


def _connections(process: psutil.Process) -> Sequence[Any]:
    """Those of a process; one that has ended has none."""
    try:
        return process.net_connections("inet")
    except (FileNotFoundError, psutil.NoSuchProcess):
        return ()


def _pid(state: Path) -> int:
    return int(json.loads((state / "ready.json").read_text())["pid"])
