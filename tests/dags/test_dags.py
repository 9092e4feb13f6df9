"""What is delivered to the Airflow bucket, as files: the end-to-end tests run it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DAGS = ROOT / "dags"
FILES = sorted(DAGS.glob("*.py"))
OURS = [file for file in FILES if "with DAG(" in file.read_text()]
EXAMPLES = [file for file in OURS if '"example"' in file.read_text()]
PINNED = re.compile(r"[\w.\[\],-]+==[\w.+]+(\s+#.*)?")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_imports_what_the_image_has_and_what_is_delivered_beside_it(file: Path) -> None:
    imported = {name.partition(".")[0] for name in _imports(file)}
    delivered = {file.stem for file in FILES} | {"doctor", "rds_login"}
    assert imported <= {"airflow", "sqlalchemy", *delivered, *sys.stdlib_module_names}


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_a_dag_names_connections_and_no_credential(file: Path) -> None:
    assert not re.search(
        r"password\s*=|token|aws_access|AKIA|://|amazonaws|os\.environ|region_name|\b[a-z]{2}-[a-z]+-\d\b"
        r"|arn:|\d+\.\d+\.\d+\.\d+",
        file.read_text(),
    )


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_each_connection_that_an_example_names_is_granted_to_airflow(environment: str) -> None:
    declaration = yaml.safe_load((ROOT / "environments" / f"{environment}.yaml").read_text())
    granted = {
        f"{instance}_{database}"
        for instance, declared in declaration["instances"].items()
        for database, levels in declared["databases"].items()
        if any("airflow" in identities for identities in levels.values())
    }
    named = {file.stem: {*_hooks_connections(file)} for file in EXAMPLES}
    assert all(named.values())
    assert {name for names in named.values() for name in names} <= granted


def test_requirements_keep_the_constraints_of_the_image() -> None:
    """Amazon MWAA's image looks for these words in each line, comments too, and then has none."""
    lines = (DAGS / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if re.search(r"-c |--constraint ", line)] == []


def test_requirements_are_exact_versions() -> None:
    lines = (DAGS / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    assert [line for line in wanted if not PINNED.fullmatch(line)] == []


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _hooks_connections(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Name(id="PostgresHook"), args=[ast.Constant(value=str(name))]):
                yield name
            case _:
                pass
