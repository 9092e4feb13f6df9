"""What Amazon MWAA's images have of what a connection stands on."""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
_PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """An image, by its version of Airflow.

    Attributes:
        python: its version of Python.
    """

    version: str
    python: str

    @cached_property
    def constraints(self) -> dict[str, str]:
        """The version that it holds each package to, by the package's canonical name."""
        return pinned(constraints(self.version).read_text())

    @property
    def postgres(self) -> str:
        """Version of the provider that has the hook."""
        return self.constraints["apache-airflow-providers-postgres"]

    @property
    def amazon(self) -> str:
        """Version of the provider that has the AWS connection."""
        return self.constraints["apache-airflow-providers-amazon"]

    @property
    def sqlalchemy(self) -> str:
        """Version of SQLAlchemy."""
        return self.constraints["sqlalchemy"]

    @property
    def driver(self) -> str:
        """The driver that the hook connects by: psycopg 3 where the image has it."""
        return "psycopg" if "psycopg" in self.constraints else "psycopg2"

    @property
    def engines_sign(self) -> bool:
        """Whether an engine of the hook's has a token (since 6.4 of the postgres provider)."""
        return tuple(map(int, self.postgres.split(".")[:2])) >= (6, 4)


def constraints(version: str) -> Path:
    """The file of what an image holds its packages to, whose head says where it is from."""
    return HERE / "constraints" / f"{version}.txt"


def pinned(text: str) -> dict[str, str]:
    """The exact versions that constraints or requirements name, by canonical name."""
    return {canonicalize_name(name): version for name, version in _PINNED.findall(text)}


IMAGES = {
    version: Image(version, **facts)
    for version, facts in tomllib.loads((HERE / "images.toml").read_text()).items()
    if version not in ("source", "date")
}
"""By the version of Airflow."""
