"""What happens to a file that is kept from one day to the next."""

import os
from collections.abc import Callable
from pathlib import Path


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def removed(path: Path) -> None:
    path.unlink()


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def replaced_by_a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def opened_to_all(path: Path) -> None:
    path.chmod(0o777)


def closed_to_all(path: Path) -> None:
    path.chmod(0)


def filled_with_something_else(path: Path) -> None:
    path.write_bytes(b"\xff\x00 something else \n" * 100)


DAMAGES: list[Callable[[Path], None]] = [
    emptied,
    cut_short,
    removed,
    replaced_by_a_folder,
    replaced_by_a_link_to_nothing,
    replaced_by_a_pipe,
    opened_to_all,
    closed_to_all,
    filled_with_something_else,
]
CHANGES_OF_MODE = [opened_to_all, closed_to_all]
