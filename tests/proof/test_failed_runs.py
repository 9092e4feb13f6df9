"""A real Airflow that a proof had fail: its page is as clean as before it."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from proof import failed_runs
from proof.airflow import LOCAL_OPTIONS, Airflow, initialized

pytestmark = pytest.mark.slow

DAGS = """
from airflow.sdk import dag, task

def made(name: str) -> None:
    @dag(dag_id=name, schedule=None)
    def runs() -> None:
        @task
        def it() -> None:
            if name == "fails":
                raise ValueError("as a proof wants it")
        it()
    runs()

made("fails")
made("works")
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    home: Path = tmp_path_factory.mktemp("airflow")
    log = home / "airflow.log"
    with initialized(home, log=log) as wait:
        wait()
    (home / "dags").mkdir()
    (home / "dags/both.py").write_text(DAGS)
    variables = {"AIRFLOW_HOME": str(home), "PATH": os.environ["PATH"], **LOCAL_OPTIONS}
    return Airflow(home=home, variables=variables, log=log)


@pytest.fixture(scope="module")
def url(airflow: Airflow) -> Generator[str]:
    with airflow.worker() as worker:
        for day in (1, 2, 3):
            for dag, state in (("fails", "failed"), ("works", "success")):
                run = worker.run(dag, logical_date=f"2026-01-0{day}T00:00:00+00:00")
                assert run.state == state
    with airflow.user_interface() as url:
        yield url


def test_runs_that_failed_are_gone_and_those_that_did_not_are_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_runs, "AT_ONCE", 2)
    assert failed_runs.forget(url) == 3
    token = failed_runs.call(f"{url}/auth/token")["access_token"]
    runs = failed_runs.call(f"{url}/api/v2/dags/~/dagRuns", token)["dag_runs"]
    assert sorted((run["dag_id"], run["state"]) for run in runs) == [("works", "success")] * 3
    assert failed_runs.forget(url) == 0
