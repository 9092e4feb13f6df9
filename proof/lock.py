"""One demo at a time: the state folder is one, and so are the machine's two cores."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from installation.installed import remove

NAME = "lock"


class BusyError(Exception):
    """Another demo holds the state folder; the message names its process."""


@contextmanager
def held(state: Path) -> Generator[None]:
    """Hold the state folder until left. BusyError if another process holds it."""
    with _opened(state) as file:
        if not _taken(file):
            raise BusyError(
                f"a demo runs already (process {_first_to_open(file)}): wait for it, or end it "
                "with `make demo-stop`"
            )
        yield


def holder(state: Path) -> int | None:
    """The process that holds the state folder, if one does."""
    if not (state / NAME).exists():
        return None
    with _opened(state) as file:
        return None if _taken(file) else _first_to_open(file)


def let_go(file: Path, *, seconds: float = 30) -> bool:
    """Whether nobody holds a file, now or after a while."""
    deadline = time.monotonic() + seconds
    while file.is_file():
        with file.open() as opened:
            if _taken(opened):
                break
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _opened(state: Path) -> IO[str]:
    """The file that stands for the folder, whatever it holds: the system knows who locked it."""
    state.mkdir(parents=True, exist_ok=True)
    file = state / NAME
    if file.is_symlink() or not file.is_file():
        remove(file)
    elif not os.access(file, os.R_OK | os.W_OK):
        file.chmod(0o600)
    return file.open("a")


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _first_to_open(file: IO[str]) -> int:
    """The holder opened the file before whoever waits for it."""
    path = os.path.realpath(file.name)
    having: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if path in (one.path for one in process.open_files()):
                having.append(process)
    if not having:
        raise BusyError("a demo of another user runs already: it is theirs to end")
    # We are the holder only if nobody else has it open.
    others = [process for process in having if process.pid != os.getpid()]
    return min(others or having, key=psutil.Process.create_time).pid
