"""Whether what is kept can be used: `installation/installed.py STATE TEMPORARY INSTALLED...`.

Run by the Makefile, with any Python and before anything is installed. STATE is the folder of what
is kept from one command to the next. TEMPORARY is named for make's process: those beside it, of
processes that have ended, are removed. An INSTALLED folder that was copied, restored without its
modes or half deleted, or whose interpreter is gone, is removed, so that make installs it anew. What
was added to one since does no harm. Prints what only another user can put right.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = ".ready"
OLDEST = (3, 11)


def mark(folder: Path) -> None:
    """Write down what is in the folder now, and where it stands."""
    # The place is last: a list that was cut is none.
    (folder / MARK).write_text("\n".join([*_content(folder), str(folder.absolute())]))


def is_whole(folder: Path) -> bool:
    """Whether the folder stands where it was marked, and has all that it had."""
    if not (folder / MARK).is_file():
        return False
    try:
        [*content, place] = (folder / MARK).read_text().split("\n")
        return place == str(folder.absolute()) and {*content} <= {*_content(folder)}
    except (OSError, UnicodeDecodeError):
        return False


def remove(path: Path) -> None:
    """Remove what stands at a path, whatever the modes of what is in it; a link, not its end.

    Another command may remove the same at once.
    """
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            path.chmod(stat.S_IRWXU)
            for entry in path.iterdir():
                remove(entry)
            path.rmdir()
        else:
            path.unlink()


def open_up(folder: Path) -> None:
    """Make a folder, and those within it, ones that we may write to; what else is there, remove."""
    if folder.is_symlink() or not folder.is_dir():
        # Never what another command has made there since.
        with suppress(FileNotFoundError, IsADirectoryError):
            folder.unlink()
        folder.mkdir(exist_ok=True)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        folder.chmod(stat.S_IRWXU)


def _content(folder: Path) -> Iterator[str]:
    """Each file with its mode and size; of a link where it leads, as interpreters are upgraded."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield f"{entry.path} {os.path.realpath(entry.path)} {Path(entry.path).exists()}"
            elif entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _content(Path(entry.path))
            elif entry.name != MARK:
                found = entry.stat()
                yield f"{entry.path} {stat.filemode(found.st_mode)} {found.st_size}"


def has_ended(process: str) -> bool:
    """Whether no process has this number."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return True
    except PermissionError:
        return False
    return False


def main(state: Path, temporary: Path, *installed: Path) -> None:
    """Open up what is kept, and remove the folders that are not whole or are nobody's any more."""
    if sys.version_info < OLDEST:
        print(f"{sys.executable} is too old: name Python 3.11 or newer, make PYTHON=python3.11")
        return
    try:
        open_up(state)
        for name in ("bytecode", "cache", "demo", "node-cache", "tmp", "venvs"):
            open_up(state / name)
        for folder in temporary.parent.iterdir():
            # In a container, processes have the numbers of those of the last one.
            if folder.name == temporary.name or has_ended(folder.name):
                remove(folder)
        open_up(temporary)
        for folder in installed:
            if os.path.lexists(folder) and not is_whole(folder):
                remove(folder)
    except PermissionError as error:
        print(f"{error.filename} is of a command that another user ran: have them run make clean")


if __name__ == "__main__":
    if sys.argv[1] == "--mark":
        mark(Path(sys.argv[2]))
    else:
        main(*map(Path, sys.argv[1:]))
