import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proof import lock
from tests.application import ROOT
from tests.damage import DAMAGES

HOLD = """
import sys
from pathlib import Path
from proof import lock
with lock.held(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


@contextmanager
def demo(state: Path) -> Generator[subprocess.Popen[str]]:
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD, state]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "\n"
        yield process


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        with pytest.raises(lock.BusyError, match=f"process {os.getpid()}.*make demo-stop"):
            lock.held(tmp_path).__enter__()
        assert lock.holder(tmp_path) == os.getpid()


def test_nobody_holds_what_was_let_go(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        pass
    assert lock.holder(tmp_path) is None
    assert lock.holder(tmp_path / "never") is None


@pytest.mark.parametrize("written", ["", "1", "no number", f"{os.getppid()}"])
def test_the_holder_is_known_whatever_the_file_says(tmp_path: Path, written: str) -> None:
    with demo(tmp_path) as process:
        (tmp_path / lock.NAME).write_text(written)
        assert lock.holder(tmp_path) == process.pid
        process.kill()
    assert lock.holder(tmp_path) is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_held_as_any(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    (tmp_path / lock.NAME).write_text("1")
    damage(tmp_path / lock.NAME)
    assert lock.holder(tmp_path) is None
    with lock.held(tmp_path):
        assert lock.holder(tmp_path) == os.getpid()


def test_what_ends_by_itself_is_waited_for_and_what_does_not_is_told(tmp_path: Path) -> None:
    file = tmp_path / "held"
    assert lock.let_go(file)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not lock.let_go(file, seconds=0)
        ends = subprocess.Popen(["sleep", "0.3"], pass_fds=(held.fileno(),))
    began = time.monotonic()
    assert lock.let_go(file)
    assert time.monotonic() > began
    assert ends.wait() == 0
