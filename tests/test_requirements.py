"""What is installed is what was locked, and what was locked is what it stands for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from airflow_rds_iam.airflow.images import constraints, pinned
from tests.conftest import ROOT

REQUIREMENTS = ROOT / "requirements"


def versions(file: Path) -> dict[str, str]:
    """The version of each package that a file of requirements names."""
    return pinned(file.read_text())


LOCAL = pytest.mark.parametrize(
    ("group", "version"), [("airflow", "3.3.1"), ("airflow-2", "2.11.2")], ids=str
)


@LOCAL
def test_the_local_airflow_has_the_versions_of_the_image(group: str, version: str) -> None:
    image, ours = versions(constraints(version)), versions(REQUIREMENTS / f"{group}.txt")
    both = image.keys() & ours.keys()
    assert {"sqlalchemy", "apache-airflow-providers-postgres"} <= both
    assert {name: (ours[name], image[name]) for name in both if ours[name] != image[name]} == {}
    # Airflow itself is in no constraints of its own.
    assert (ours["apache-airflow"], len(both) > 100) == (version, True)


@LOCAL
def test_what_is_declared_of_airflow_is_what_the_image_has(group: str, version: str) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][group]
    image = versions(constraints(version)) | {"apache-airflow": version}
    for requirement in map(Requirement, declared):
        assert str(requirement.specifier) == f"=={image[canonicalize_name(requirement.name)]}"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_what_is_declared_is_installed_whatever_the_python(python: str) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for group, declared in groups.items():
        if group == "airflow-2":  # of which there is none for the newest
            continue
        names = {canonicalize_name(Requirement(one).name) for one in declared}
        locked = (REQUIREMENTS / f"{group}.txt").read_text().splitlines()
        lines = (line.removesuffix("\\") for line in locked if line[:1].isalpha())
        there = {
            one.name
            for one in map(Requirement, lines)
            if not one.marker or one.marker.evaluate({"python_full_version": f"{python}.0"})
        }
        assert names <= there


def test_a_lock_has_hashes_and_no_address() -> None:
    locks = sorted(REQUIREMENTS.glob("*.txt"))
    assert locks
    for lock in locks:
        content = lock.read_text()
        assert content.count("--hash=sha256:") >= len(versions(lock)) > 0
        assert "://" not in content
