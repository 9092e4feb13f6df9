"""What Airflow does with the DAGs every half minute, in Airflow 3 and in the newest Airflow 2."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DAGS = sorted(file.stem for file in (ROOT / "dags").glob("*.py") if "with DAG(" in file.read_text())
# As the DAG processor does: Airflow is there already, and then each file is read.
PROGRAM = """
import importlib, json, socket, sys
import airflow

asked = []
def refuse(*arguments, **_):
    asked.append(repr(arguments[1:]))
    raise OSError("nobody is to be asked while a DAG is parsed")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = socket.create_connection = refuse

import authoring
dags, leave = [], authoring.DAG.__exit__
def left(dag, *error):
    dags.append(dag.dag_id)
    return leave(dag, *error)
authoring.DAG.__exit__ = left
for name in json.load(sys.stdin):
    importlib.import_module(name)
heavy = [name for name in ("boto3", "pandas", "doctor", "pg8000") if name in sys.modules]
print(json.dumps({"dags": dags, "asked": asked, "heavy": heavy}))
"""


@pytest.fixture(scope="module", params=["airflow", "airflow-2"], ids=["3.3.1", "2.11.2"])
def parsed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home: Path = tmp_path_factory.mktemp("airflow")
    venv = ROOT / ".local/venvs" / request.param
    assert venv.is_dir(), f"no Airflow is there: `make {venv.relative_to(ROOT)}/.ready` installs it"
    finished = subprocess.run(
        [venv / "bin/python", "-P", "-c", PROGRAM],
        input=json.dumps(DAGS),
        env={
            "AIRFLOW_HOME": str(home),
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": f"{ROOT / 'dags'}:{ROOT / 'lambda'}:{ROOT}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_each_file_is_its_dag(parsed: Any) -> None:
    assert parsed["dags"] == DAGS


def test_nobody_is_asked_while_a_dag_is_parsed(parsed: Any) -> None:
    assert parsed["asked"] == []


def test_what_takes_long_to_import_is_left_to_the_tasks(parsed: Any) -> None:
    assert parsed["heavy"] == []
