"""What another application gets of the library: the wheel, in an environment of its own."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.templates import of_type

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LOCK = ROOT / "requirements/dev.txt"
UV = ROOT / ".local/venvs/uv/bin/uv"
# Each module, as one that needs what the wheel does not bring fails when it is imported.
IMPORT_ALL = """
import importlib, pkgutil, airflow_rds_iam
for module in pkgutil.walk_packages(airflow_rds_iam.__path__, "airflow_rds_iam."):
    if not module.name.endswith("__main__"):
        print(importlib.import_module(module.name).__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.iterdir()
    return built


def test_the_wheel_has_the_library_at_its_top_and_nothing_beside_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "airflow_rds_iam"
    }
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_has_each_file_of_the_library_and_of_what_it_delivers(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for folder, place in [
        ("constructs/airflow_rds_iam", ""),
        ("lambda", "delivered/"),
        ("doctor", "delivered/doctor/"),
    ]:
        files = [
            file
            for file in (ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        ]
        assert files
        for file in files:
            name = f"airflow_rds_iam/{place}{file.relative_to(ROOT / folder)}"
            assert archive.read(name) == file.read_bytes()


def lock_of(library: Distribution) -> str:
    """The part of the lock that holds what ``library`` asks for, and what that asks for."""
    waiting, needed = [library], set[str]()
    while waiting:
        for requirement in map(Requirement, waiting.pop().requires or ()):
            name = canonicalize_name(requirement.name)
            if name not in needed and (not requirement.marker or requirement.marker.evaluate()):
                needed.add(name)
                waiting.append(distribution(name))
    entries = re.findall(r"^\w.*(?:\n .*)*\n", LOCK.read_text(), re.MULTILINE)
    return "".join(one for one in entries if one.partition("==")[0] in needed)


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and what it asks for, as locked."""
    venv = tmp_path_factory.mktemp("application") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    [folder] = (one for one in zipfile.Path(wheel).iterdir() if one.name.endswith(".dist-info"))
    locked = tmp_path_factory.mktemp("locked") / "requirements.txt"
    locked.write_text(lock_of(PathDistribution(folder)))
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(venv)]
    subprocess.run([*install, "--require-hashes", "-r", str(locked)], check=True)
    subprocess.run([*install, str(wheel)], check=True)
    return venv / "bin/python"


def run(python: Path, *arguments: str, cwd: Path, **more: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env={**variables, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_each_module_of_the_wheel_can_be_imported_by_itself(python: Path, tmp_path: Path) -> None:
    files = run(python, "-c", IMPORT_ALL, cwd=tmp_path).splitlines()
    assert len(files) > 50
    assert {Path(file).is_relative_to(python.parents[1]) for file in files} == {True}


@pytest.mark.slow
def test_all_that_the_constructs_deliver_is_found_in_the_wheel(
    python: Path, tmp_path: Path
) -> None:
    # As Airflow's bucket and the functions get it.
    copy = (
        "from pathlib import Path;"
        "from airflow_rds_iam.delivery.function_code import copy_packages;"
        "copy_packages(Path('to'), 'doctor', 'rds_login', 'bucket_files', distributions=['pg8000'])"
    )
    run(python, "-c", copy, cwd=tmp_path)
    # There is no library where they run.
    alone = "import sys; sys.modules['airflow_rds_iam'] = None; import doctor.steps, bucket_files"
    run(python, "-c", alone, cwd=tmp_path / "to")


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_synthesizes_from_the_wheel(python: Path, example: Path, tmp_path: Path) -> None:
    run(python, str(example), cwd=tmp_path, CDK_OUTDIR=str(tmp_path / "out"))
    [file] = (tmp_path / "out").glob("*.template.json")
    template = json.loads(file.read_text())
    [users] = of_type(template, "Custom::DatabaseUsers").values()
    assert [one["Name"] for one in users["Properties"]["Databases"]] == ["orders"]
    # The function's code is whole: its packages, the driver, the authorities.
    [code] = {folder.parent for folder in (tmp_path / "out").glob("asset.*/database_users")}
    brought = {path.name for path in code.iterdir()}
    assert {"database_users", "rds_login", "pg8000", "scramp", "global-bundle.pem"} <= brought


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_strict_type_checker_knows_what_an_example_uses_of_the_wheel(
    python: Path, example: Path, tmp_path: Path
) -> None:
    shutil.copy(example, tmp_path)
    venv = python.parents[1]
    configuration = {
        "include": [example.name],
        "venvPath": str(venv.parent),
        "venv": venv.name,
        "typeCheckingMode": "strict",
        "reportArgumentType": False,  # jsii's protocols, as pyproject.toml says
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(configuration))
    pyright = ROOT / "node_modules/.bin/pyright"
    ran = subprocess.run([pyright], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_the_api_has_a_page_for_each_public_module_that_says_what_each_thing_is() -> None:
    pages = ROOT / "build/api"
    shutil.rmtree(pages, ignore_errors=True)
    subprocess.run(["make", "--silent", "docs"], cwd=ROOT, check=True, capture_output=True)
    library = ROOT / "constructs/airflow_rds_iam"
    modules = {
        module.relative_to(library.parent).with_suffix(".html")
        for module in library.rglob("*.py")
        if not module.name.startswith("__")
    }
    assert modules
    assert {module for module in modules if not (pages / module).exists()} == set()
    told = (pages / "airflow_rds_iam/access/database_users.html").read_text()
    assert "One custom resource that brings about every database and user" in told


def test_each_public_thing_of_the_library_has_a_docstring() -> None:
    library = ROOT / "constructs/airflow_rds_iam"
    bare = [
        f"{file.relative_to(library)}: {thing.name}"
        for file in sorted(library.rglob("*.py"))
        for thing in public(ast.parse(file.read_text()))
        if ast.get_docstring(thing) is None
    ]
    assert bare == []


Thing = ast.ClassDef | ast.FunctionDef


def public(tree: ast.Module | ast.ClassDef) -> Iterator[Thing]:
    for thing in tree.body:
        if isinstance(thing, Thing) and not thing.name.startswith("_"):
            yield thing
            if isinstance(thing, ast.ClassDef):
                yield from public(thing)
