"""Whether Amazon MWAA can install a file of requirements, told before the half hour that it takes.

Sources: "Installing Python dependencies" of its user guide, and `user_requirements.py` of its
image, which takes a line with ``-c `` or ``--constraint `` anywhere for constraints of one's own.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from airflow_rds_iam.airflow.files import FileError
from airflow_rds_iam.airflow.images import Image

_CONSTRAINTS = re.compile(
    r"(^|\s)(-c|--constraint)\s+[\"']?(?P<where>[^\s\"']+)|(-c |--constraint )"
)
_OWN = re.compile(
    r"https://raw\.githubusercontent\.com/apache/airflow/constraints-(?P<airflow>[\w.]+)/"
    r"constraints-(?P<python>\d+\.\d+)\.txt"
)
_DELIVERED = ("/usr/local/airflow/dags/", "/usr/local/airflow/plugins/")
_OPTIONS = ("--index-url", "-i ", "--extra-index-url", "--find-links", "-f ", "--no-index", "--pre")


class RequirementsError(FileError):
    """Requirements that Amazon MWAA could not install; each line says where and why."""


def check(file: Path, image: Image) -> None:
    """Refuse a file that the image could not install.

    Raises:
        RequirementsError: what is wrong, as ``file:line: why``.
    """
    if found := [*faults(file.read_text(), image)]:
        raise RequirementsError("\n".join(f"{file}:{number}: {why}" for number, why in found))


def faults(text: str, image: Image) -> Iterator[tuple[int, str]]:
    """What would fail, or install something else than it says: the line's number, and why.

    Args:
        text: of the file.
        image: that installs it, under its own constraints unless the file names others.
    """
    lines = [*enumerate(text.splitlines(), 1)]
    own = any(_CONSTRAINTS.search(line) for _, line in lines)
    seen: dict[str, tuple[int, str]] = {}
    for number, line in lines:
        if found := _CONSTRAINTS.search(line):
            if why := _wrong_constraints(line, found["where"], image):
                yield number, why
            continue
        said = re.sub(r"(^|\s)#.*", "", line).strip()
        if not said or said.startswith(_OPTIONS):
            continue
        requirement = _parsed(said)
        if isinstance(requirement, str):
            yield number, requirement
        elif not requirement.marker or requirement.marker.evaluate(_environment(image)):
            name = canonicalize_name(requirement.name)
            if why := _conflict(requirement, name, image, own=own) or _again(said, name, seen):
                yield number, why
            seen.setdefault(name, (number, said))


def _parsed(said: str) -> Requirement | str:
    """The requirement, or what is wrong with it."""
    if said.startswith(_DELIVERED) and said.endswith(".whl"):
        return "a wheel is named by its package and version, with --find-links for its folder"
    if said.startswith("-"):
        return f"{said!r} is an option that Amazon MWAA does not document; name packages alone"
    try:
        requirement = Requirement(re.split(r"\s+--hash", said)[0].rstrip("\\ "))
    except InvalidRequirement:
        return f"{said!r} must be a package and its version, such as requests==2.32.5"
    versions = [*requirement.specifier]
    exact = [one for one in versions if one.operator in ("==", "===") and "*" not in one.version]
    if len(exact) != 1 or len(versions) != 1:
        return f"{said!r} must name one exact version, such as {requirement.name}==1.2.3"
    return requirement


def _wrong_constraints(line: str, where: str | None, image: Image) -> str | None:
    """Why a line of constraints is not one that Amazon MWAA can take; None if it can."""
    if where is None or re.search(r"(^|\s)#.*(-c|--constraint)\s", line):
        return (
            f"{line.strip()!r} is taken for constraints of your own, though it is none, and then "
            "the image's do not hold: write it in other words"
        )
    if where.startswith(_DELIVERED):
        return None
    python = image.python.rpartition(".")[0]
    right = f"constraints-{image.version}/constraints-{python}.txt"
    found = _OWN.fullmatch(where)
    if found and (found["airflow"], found["python"]) == (image.version, python):
        return None
    return (
        f"{where} is not the constraints of Airflow {image.version} and Python {python} "
        f"(…/{right}), nor a file below /usr/local/airflow/dags/: leave the line out, and the "
        "image's hold"
    )


def _conflict(requirement: Requirement, name: str, image: Image, *, own: bool) -> str | None:
    [wanted] = requirement.specifier
    held = image.version if name == "apache-airflow" else image.constraints.get(name)
    if (
        held is None
        or (own and name != "apache-airflow")
        or wanted.contains(held, prereleases=True)
    ):
        return None
    return (
        f"{requirement.name}=={wanted.version} conflicts with Airflow {image.version}, whose image "
        f"holds it to {held}: take that, or leave it out where the image has it"
    )


def _again(said: str, name: str, seen: dict[str, tuple[int, str]]) -> str | None:
    first = seen.get(name)
    return f"{said!r} stands in line {first[0]} already, as {first[1]!r}" if first else None


def _environment(image: Image) -> dict[str, str]:
    return {
        "python_version": image.python.rpartition(".")[0],
        "python_full_version": image.python,
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
