"""The files beside the DAGs that Amazon MWAA takes: plugins, and a startup script.

Sources: "Installing custom plugins" and "Using a startup script" of its user guide.
"""

import re
import zipfile
from pathlib import Path

PLUGINS = "plugins.zip"
STARTUP_SCRIPT = "startup.sh"

# The oldest that a zip file can name: that of the files differs from one checkout to the next.
_WRITTEN = (1980, 1, 1, 0, 0, 0)
# What each process of Airflow would inherit, as its connection to its own database does.
_TRUSTED_BY_ALL = re.compile(r"\b(PGSSL\w*|PGSERVICE\w*|PGPASS\w*|PGHOST\w*)=")
_OURS = re.compile(r"\b(AIRFLOW__SECRETS__\w+)=")


class FileError(ValueError):
    """A file that Amazon MWAA could not take, or that would break what is delivered with it."""


def plugin_files(folder: Path) -> list[Path]:
    """The files of the plugins in ``folder``, in an order that is the same on each machine.

    Raises:
        FileError: the folder is not there, or holds no file.
    """
    files = sorted(
        one for one in folder.rglob("*") if one.is_file() and "__pycache__" not in one.parts
    )
    if not files:
        raise FileError(f"{folder}: must be a folder with the files of plugins, and holds none")
    return files


def write_plugins(folder: Path, file: Path) -> None:
    """Write the files of ``folder`` to the zip ``file``, the same bytes on each machine."""
    # Compressed, the bytes would be those of one version of zlib.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for one in plugin_files(folder):
            entry = zipfile.ZipInfo(one.relative_to(folder).as_posix(), _WRITTEN)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, one.read_bytes())
    file.chmod(0o644)


def check_startup_script(file: Path) -> None:
    """Refuse a script that a component of Airflow could not run, or not start after.

    Raises:
        FileError: what is wrong, as ``file:line: why``.
    """
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise FileError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileError(f"{file}: is no text in UTF-8: byte {error.start}") from None
    if not text.strip():
        raise FileError(f"{file}: is empty: must be a shell script")
    found = [
        f"{file}:{number}: {why}" for number, line in _lines(text) if (why := _wrong(line, number))
    ]
    if found:
        raise FileError("\n".join(found))


def _lines(text: str) -> list[tuple[int, str]]:
    return [*enumerate(text.split("\n"), 1)]


def _wrong(line: str, number: int) -> str | None:
    if line.endswith("\r"):
        return "ends as on Windows, which no shell takes: must end with a line feed alone"
    if number == 1 and line.startswith("#!") and not re.search(r"sh\b", line):
        return f"{line!r} is another program: must be a shell, such as #!/bin/sh"
    if line.lstrip().startswith("#"):
        return None
    if found := _TRUSTED_BY_ALL.search(line):
        return (
            f"sets {found[1]}, which each process of Airflow inherits: its connection to its own "
            "database would be refused; a connection names its certificates itself"
        )
    if found := _OURS.search(line):
        return f"sets {found[1]}, with which no connection is found: it is set by this application"
    return None
