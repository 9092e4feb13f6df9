"""Child processes and a private directory that end with us, whatever ends us."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

_LAUNCHER = Path(__file__).with_name("launcher.py")
# Linux sends the parent-death signal when the thread that forked ends, so what outlives a call is
# forked by a thread that lives as long as we do.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")


def start(
    command: Sequence[str | Path],
    *,
    log: IO[bytes],
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a server that ends with this process; its output goes to `log`."""
    return _forker.submit(
        subprocess.Popen[bytes],
        launched(command, user=user, death_signal=death_signal),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        start_new_session=True,  # Ctrl-C is for us; we end our children in order
    ).result()


def run(command: Sequence[str | Path], *, user: str | None = None) -> str:
    """Run a program to its end; what it printed. RuntimeError with its output if it fails."""
    finished = subprocess.run(  # noqa: S603 programs of our own choice
        launched(command, user=user), cwd="/", capture_output=True, text=True, check=False
    )
    if finished.returncode:
        output = finished.stdout + finished.stderr
        raise RuntimeError(f"{command[0]} ended with {finished.returncode}: {output}")
    return finished.stdout


def launched(
    command: Sequence[str | Path],
    *,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """The command that runs `command` through the launcher."""
    prefix = [sys.executable, "-I", "-S", str(_LAUNCHER)]
    return [*prefix, str(os.getpid()), str(int(death_signal)), user or "-", *map(str, command)]


def server_user() -> str | None:
    """The user that PostgreSQL runs as: it refuses root, so `postgres` or `nobody` then."""
    if os.geteuid():
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    raise RuntimeError("PostgreSQL does not run as root, and no user postgres or nobody exists")


def give(path: Path, user: str | None) -> None:
    """Make `user` the owner of a file or an empty directory."""
    if user:
        shutil.chown(path, user)


def open_to_all(path: Path) -> bool:
    """Whether any user may enter each directory above `path`."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


class RuntimeDirectory:
    """A private directory outside the state, for sockets: their paths are 107 bytes at most, and
    whoever PostgreSQL runs as must get there.

    A shell that waits for our end removes it, so that not even SIGKILL leaves it behind.
    """

    _REMOVE = """
        trap '' INT TERM HUP; cat > /dev/null
        for second in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2> /dev/null && exit; sleep 1; done
    """

    def __init__(self, *, within: Path = Path("/tmp")) -> None:  # noqa: S108 mkdtemp's is private
        self.path = Path(tempfile.mkdtemp(prefix="local-aws-", dir=within))
        self.path.chmod(0o711)
        self._janitor = subprocess.Popen(  # noqa: S603 no outside input
            ["/bin/sh", "-c", self._REMOVE, "janitor", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def remove(self) -> None:
        """Remove it now."""
        if self._janitor.stdin:
            self._janitor.stdin.close()
        self._janitor.wait()


def environment_without(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables that start with one of `names`."""
    return {key: value for key, value in environment.items() if not key.startswith(tuple(names))}
