"""One demo at a time: the state folder is one, and so are the machine's two cores."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class BusyError(Exception):
    """Another demo holds the state folder; the message names its process."""


@contextmanager
def held(state: Path) -> Generator[None]:
    """Hold the state folder until left. BusyError if another process holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"a demo runs already (process {holder(state)}): wait for it, or end it with "
                "`make demo-stop`"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def holder(state: Path) -> int | None:
    """The process that holds the state folder, if one does."""
    file = state / "lock"
    if not file.exists():
        return None
    with file.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
        return None
