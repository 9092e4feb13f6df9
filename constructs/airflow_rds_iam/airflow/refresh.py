"""Take the images' table anew from Amazon's repository of them: `make images FOLDER=…`."""

import argparse
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_rds_iam.airflow.images import HERE, IMAGES, Image, pinned

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_PYTHON = re.compile(r"^ENV PYTHON_VERSION=(\S+)$", re.MULTILINE)
_GENERATED = re.compile(r"automatically generated on (\d{4}-\d\d-\d\d)")
# What a connection stands on; of all other packages their number is told.
_TOLD = ("apache-airflow-providers-postgres", "apache-airflow-providers-amazon", "sqlalchemy",
         "psycopg", "psycopg2-binary")  # fmt: skip


class NoImagesError(ValueError):
    """The folder is no checkout of the images' repository, and why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An image as the repository has it.

    Attributes:
        python: the version of Python.
        pins: a line for each package, with its version.
        generated: the day of Airflow's own constraints.
    """

    version: str
    python: str
    pins: tuple[str, ...]
    generated: str

    @property
    def packages(self) -> dict[str, str]:
        """The packages' versions, by canonical name."""
        return pinned("\n".join(self.pins))

    def constraints(self, commit: str, day: str) -> str:
        """The file of constraints, whose head says where it is from."""
        minor = self.python.rpartition(".")[0]
        head = (
            f"What Amazon MWAA's image for Airflow {self.version} (Python {self.python}) holds its"
            " packages to. Taken from etc/airflow_constraints.txt of that image in the repository"
            f" aws/amazon-mwaa-docker-images, commit {commit} of {day}, which has it from Airflow's"
            f" own constraints for Python {minor} ({self.generated})."
        )
        lines = textwrap.wrap(
            head, 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        return "\n".join((*lines, *self.pins)) + "\n"


def images(folder: Path) -> Iterator[Found]:
    """Each image in a checkout of aws/amazon-mwaa-docker-images.

    Raises:
        NoImagesError: there is none, or one lacks what is taken from it.
    """
    versions = [one for one in folder.glob("images/airflow/*") if _VERSION.fullmatch(one.name)]
    if not versions:
        raise NoImagesError(f"{folder} has no images/airflow: must be a checkout of the repository")
    for one in sorted(versions, key=lambda one: _order(one.name)):
        try:
            text = (one / "etc/airflow_constraints.txt").read_text()
            python = _PYTHON.search((one / "Dockerfile.base.j2").read_text())
        except FileNotFoundError as error:
            if one.name not in IMAGES:
                continue  # an older one is laid out otherwise
            raise NoImagesError(f"{error.filename} is not there") from None
        generated = _GENERATED.search(text)
        pins = tuple(line for line in text.splitlines() if re.match(r"[\w.-]+==", line))
        if not (python and generated and pins):
            raise NoImagesError(f"{one} does not say its Python, or its constraints")
        yield Found(version=one.name, python=python[1], pins=pins, generated=generated[1])


def changes(found: Found, held: Image) -> Iterator[str]:
    """What is otherwise than in the table, in words."""
    if found.python != held.python:
        yield f"python {held.python} → {found.python}"
    before, after = held.constraints, found.packages
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    for name in _TOLD:
        if name in changed:
            yield f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}"
    if others := len(changed - {*_TOLD}):
        yield f"{others} other package{'s' if others > 1 else ''}"


def refresh(
    folder: Path, *, commit: str, day: str, take: Sequence[str] = (), here: Path = HERE
) -> Iterator[str]:
    """Write what changed, and say it.

    Args:
        folder: a checkout of the repository.
        commit: that it is at.
        day: of the commit.
        take: versions to be taken that are not in the table.
        here: the folder of the table.

    Raises:
        NoImagesError: nothing was written, and why.
    """
    all_found = {one.version: one for one in images(folder)}
    if missing := [one for one in (*IMAGES, *take) if one not in all_found]:
        raise NoImagesError(f"{folder} has no image of {', '.join(missing)}")
    pythons = {version: image.python for version, image in IMAGES.items()}
    oldest = min(map(_order, IMAGES))
    for version, found in all_found.items():
        if version in IMAGES or version in take:
            held = IMAGES.get(version)
            changed = [*changes(found, held)] if held else ["is taken"]
            if changed:
                pythons[version] = found.python
                text = found.constraints(commit, day)
                (here / "constraints" / f"{version}.txt").write_text(text)
            yield f"{version}: {', '.join(changed) or 'as it was'}"
        elif _order(version) > oldest:
            told = ", ".join(f"{name} {found.packages.get(name, 'none')}" for name in _TOLD)
            yield (
                f"{version}: new, with python {found.python}, {told}; once Amazon MWAA offers it,"
                f" take it with VERSION={version}, and add it to declaration/airflow.py, with its"
                " options in declaration/options"
            )
    (here / "images.toml").write_text(_table(pythons, commit, day))


def _table(pythons: Mapping[str, str], commit: str, day: str) -> str:
    lines = [
        "# The images that Amazon MWAA runs, and what of each stands in no constraints.",
        "# That the service offers a version is not proven by its image.",
        f'source = "the repository aws/amazon-mwaa-docker-images, commit {commit}: '
        'etc/airflow_constraints.txt and Dockerfile.base.j2 of each image"',
        f"date = {day}",
    ]
    for version in sorted(pythons, key=_order, reverse=True):
        lines += ["", f'["{version}"]', f'python = "{pythons[version]}"']
    return "\n".join(lines) + "\n"


def _commit(folder: Path) -> tuple[str, str]:
    """The commit that a clone is at, and its day. NoImagesError if it is none."""
    command = ["git", "-C", str(folder), "log", "-1", "--format=%h %cs"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode:
        raise NoImagesError(f"{folder} is no clone of the repository: {asked.stderr.strip()}")
    commit, day = asked.stdout.split()
    return commit, day


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main(arguments: Sequence[str] | None = None) -> int:
    """0: what changed is said, and taken. 1: nothing was changed, and why."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_rds_iam.airflow.refresh", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="a clone of aws/amazon-mwaa-docker-images")
    parser.add_argument("--take", nargs="*", default=[], help="versions that are new")
    given = parser.parse_args(arguments)
    try:
        commit, day = _commit(given.folder)
        print(*refresh(given.folder, commit=commit, day=day, take=given.take), sep="\n")
    except NoImagesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
