"""Airflow's own database as it is before anything is in it, kept as it takes long to make."""

import hashlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from installation.installed import remove
from proof.programs import ROOT

LOCK = ROOT / "requirements/airflow.txt"
CACHE = ROOT / ".local/cache"


def kept(cache: Path = CACHE) -> bytes | None:
    """What was kept, if this Airflow made it and nothing has become of it since."""
    for file in filter(Path.is_file, cache.glob("airflow-*.db")):
        with suppress(OSError):
            content = file.read_bytes()
            if file.name == _name(content):
                return content
    return None


def keep(content: bytes, cache: Path = CACHE) -> None:
    """Keep it, in the place of any that was kept before; of two at once, either's."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache.parent) as folder:
        new = Path(folder) / cache.name
        new.mkdir()
        (new / _name(content)).write_bytes(content)
        with suppress(OSError):  # another is kept meanwhile
            remove(cache)
            new.rename(cache)


def _name(content: bytes) -> str:
    release, digest = (hashlib.sha256(one).hexdigest()[:16] for one in (LOCK.read_bytes(), content))
    return f"airflow-{release}-{digest}.db"
