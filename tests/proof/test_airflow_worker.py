"""What the worker that stands for one of Amazon MWAA's makes of the DAGs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from proof.programs import ROOT

FIRST_LOOK = """
import json, sys
sys.path.append('proof')  # where a module is called airflow, too
import airflow_worker
dags = airflow_worker.dag_bag()
print(json.dumps([sorted(dags.dags), dags.import_errors]))
"""


@pytest.mark.slow
def test_a_dag_imports_what_is_beside_it_at_the_first_look(tmp_path: Path) -> None:
    dags = shutil.copytree(ROOT / "dags", tmp_path / "dags")
    shutil.copytree(ROOT / "lambda/rds_login", dags / "rds_login")
    ran = subprocess.run(
        [ROOT / ".local/venvs/airflow/bin/python", "-c", FIRST_LOOK],
        cwd=ROOT,
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(ran.stdout.splitlines()[-1]) == [
        [
            "connection_check",
            "connection_doctor",
            "customers_load",
            "orders_copy",
            "orders_report",
            "reports_upkeep",
        ],
        {},
    ]
