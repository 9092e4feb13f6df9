import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.invocation import invoked
from benchmarks.many import declaration
from database_users.postgres.target import Target

ROOT = Path(__file__).parents[2]


def run(output: Path, *arguments: str) -> Any:
    """What the benchmark writes; its goals are for more than it is given here."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments, "--output", str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(output.read_text())


@pytest.mark.slow
def test_each_benchmark_of_the_function_runs(tmp_path: Path) -> None:
    little = ("--databases", "2", "--sessions", "3", "--share", "1000")
    figures = run(tmp_path / "bench.json", "benchmarks", *little)
    assert {
        "2 databases: first apply, to the floor",
        "2 databases: one grant more, beyond connecting",
        "2 databases: peak memory of one invocation",
        "2 databases: last session of a revoked user, of 3",
        "50 tables: first apply",
        "200 large objects: nothing to do",
    } <= {figure["name"] for figure in figures}


@pytest.mark.slow
def test_the_benchmark_of_airflow_runs(tmp_path: Path) -> None:
    figures = run(tmp_path / "bench-airflow.json", "benchmarks.airflow", "--rounds", "1")
    assert {
        "psycopg 3 engine: our engine, to a password",
        "psycopg2 hook: the provider's hook, to a password",
        "the doctor, beyond AWS's answers, to a login",
        "parsing dags/, to as many empty DAGs",
    } <= {figure["name"] for figure in figures}


@pytest.mark.slow
def test_the_benchmark_of_the_review_runs(tmp_path: Path) -> None:
    found = run(tmp_path / "bench-review.json", "benchmarks.review", "--databases", "2")
    assert found["seconds"].keys() == {"synthesis", "review", "review, again"}


@pytest.mark.slow
def test_the_benchmark_of_a_synthesis_runs(tmp_path: Path) -> None:
    figures = run(
        tmp_path / "synthesis.json",
        "benchmarks.synthesis",
        "--databases",
        "1",
        "3",
        "--repeats",
        "1",
    )
    values = {figure["name"]: figure["value"] for figure in figures}
    assert values["airflow, 3 databases: touched by one more"] == 3
    assert values["analyst, 3 databases: touched by one more"] == 2
    changed = "airflow, 3 databases: touched by one at another level"
    assert (values[changed], values[f"{changed}, with the old user's removal"]) == (3, 4)
    assert values["analyst, 3 databases: touched by one at another level"] == 2
    assert "analyst, 3 databases: of that, our own" in values


def test_what_the_function_said_as_it_failed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    nowhere = Target("", 5432, "dbadmin", "eu-central-1", tmp_path / "global-bundle.pem")
    with pytest.raises(RuntimeError, match="the environment variable DATABASE_HOST is not set"):
        invoked(nowhere, declaration(1))
