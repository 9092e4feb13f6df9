"""Whether what was installed is still there as it was: `python local/installed.py FOLDER...`.

Run by the Makefile, with any Python and before anything is installed. A folder that was copied,
restored without its modes or half deleted, or whose interpreter is gone, is removed, so that make
installs it anew. What was added to it since does no harm.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

MARK = ".ready"


def mark(folder: Path) -> None:
    """Write down what is in the folder now, and where it stands."""
    (folder / MARK).write_text("\n".join([str(folder.absolute()), *_content(folder)]))


def is_whole(folder: Path) -> bool:
    """Whether the folder stands where it was marked, and has all that it had."""
    try:
        [place, *content] = (folder / MARK).read_text().split("\n")
        return place == str(folder.absolute()) and {*content} <= {*_content(folder)}
    except (OSError, UnicodeDecodeError):
        return False


def remove(folder: Path) -> None:
    """Remove a folder, whatever the modes of what is in it."""
    folder.chmod(stat.S_IRWXU)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            remove(entry)
        else:
            entry.unlink()
    folder.rmdir()


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


def main(arguments: list[str]) -> None:
    """Remove the folders that are not whole; with `--mark`, mark one that is."""
    if arguments[:1] == ["--mark"]:
        mark(Path(arguments[1]))
        return
    for folder in map(Path, arguments):
        if folder.exists() and not is_whole(folder):
            remove(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
