"""What is installed is what was locked, and what was locked is what it stands for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

REQUIREMENTS = ROOT / "requirements"


def versions(file: Path) -> dict[str, str]:
    """The version of each package that a file of requirements names."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", file.read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_the_local_airflow_has_the_versions_of_the_image() -> None:
    image, ours = (versions(REQUIREMENTS / name) for name in ("mwaa-3.3.1.txt", "airflow.txt"))
    both = image.keys() & ours.keys()
    assert {"sqlalchemy", "psycopg", "apache-airflow-providers-postgres"} <= both
    assert {name: (ours[name], image[name]) for name in both if ours[name] != image[name]} == {}
    # Airflow itself is in no constraints of its own.
    assert (ours["apache-airflow"], len(both) > 100) == ("3.3.1", True)


def test_what_is_declared_of_airflow_is_what_the_image_has() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["airflow"]
    image = versions(REQUIREMENTS / "mwaa-3.3.1.txt") | {"apache-airflow": "3.3.1"}
    for requirement in map(Requirement, declared):
        assert str(requirement.specifier) == f"=={image[canonicalize_name(requirement.name)]}"


def test_a_lock_has_hashes_and_no_address() -> None:
    locks = sorted({*REQUIREMENTS.glob("*.txt")} - {REQUIREMENTS / "mwaa-3.3.1.txt"})
    assert locks
    for lock in locks:
        content = lock.read_text()
        assert content.count("--hash=sha256:") >= len(versions(lock)) > 0
        assert "://" not in content
