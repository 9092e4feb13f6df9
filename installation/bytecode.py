"""Remove compiled Python that was cut short: `python installation/bytecode.py FOLDER`.

Python compiles anew what is empty, unreadable or older than its source, and fails to import what
ends in the middle. Only what changed since the last time is read, of the Python that this runs on.
"""

import marshal
import sys
from contextlib import suppress
from pathlib import Path

# The part before the code: PEP 552.
HEADER = 16


def check(folder: Path) -> None:
    """Remove each compiled file below the folder that Python could not load."""
    tag = sys.implementation.cache_tag
    checked = folder / f".checked.{tag}"
    since = checked.stat().st_ctime_ns if checked.is_file() else 0
    changed = [file for file in folder.rglob(f"*.{tag}*.pyc") if file.lstat().st_ctime_ns >= since]
    for file in changed:
        if not file.is_dir() and not (file.is_file() and _loads(file)):
            file.unlink()
    with suppress(OSError):
        checked.unlink(missing_ok=True)
        checked.touch()


def _loads(file: Path) -> bool:
    try:
        marshal.loads(file.read_bytes()[HEADER:])  # noqa: S302 as Python itself would
    except OSError:
        return True
    except (EOFError, TypeError, ValueError):
        return False
    return True


if __name__ == "__main__":
    check(Path(sys.argv[1]))
