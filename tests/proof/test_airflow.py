"""What the stand-in for Amazon MWAA makes of an environment's record."""

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from proof import airflow
from proof.programs import ROOT


def test_a_configuration_option_is_an_environment_variable() -> None:
    assert airflow.configuration({"core.parallelism": "64", "secrets.backend_kwargs": "{}"}) == {
        "AIRFLOW__CORE__PARALLELISM": "64",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": "{}",
    }


def test_what_a_startup_script_exports_is_kept_and_what_it_only_sets_is_not(
    tmp_path: Path,
) -> None:
    script = tmp_path / "startup.sh"
    script.write_text('echo noise\nexport PLACE="$AIRFLOW_HOME/a\nb"\nunexported=1\n')
    assert airflow.exports(script, {"AIRFLOW_HOME": "/home"}) == {"PLACE": "/home/a\nb"}


def test_a_startup_script_that_fails_is_an_error(tmp_path: Path) -> None:
    script = tmp_path / "startup.sh"
    script.write_text("exit 3\n")
    with pytest.raises(airflow.ProgramError, match=r"startup\.sh"):
        airflow.exports(script, {})


class Bucket:
    """One version of each object, as S3 gives them."""

    def __init__(self, **objects: bytes) -> None:
        self._objects = {key.replace("__", "/").replace("_", "."): objects[key] for key in objects}

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, *, Prefix: str, **_: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Contents": [{"Key": key} for key in self._objects if key.startswith(Prefix)]}]

    def get_object(self, *, Key: str, **_: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self._objects[Key])}


@pytest.mark.parametrize("folder", ["dags", "team__dags"])
def test_the_files_of_an_environment_are_where_amazon_mwaa_has_them(
    tmp_path: Path, folder: str
) -> None:
    with zipfile.ZipFile(archive := tmp_path / "plugins.zip", "w") as plugins:
        plugins.writestr("menu.py", "# of the team")
    bucket = Bucket(
        **{
            f"{folder}__a_py": b"# a DAG",
            f"{folder}__startup_sh": b"export PLACE=here",
            f"{folder}__plugins_zip": archive.read_bytes(),
            "others_py": b"",
        }
    )
    path = folder.replace("__", "/")
    record: dict[str, Any] = {
        "SourceBucketArn": "arn:aws:s3:::files",
        "DagS3Path": path,
        "StartupScriptS3Path": f"{path}/startup.sh",
        "StartupScriptS3ObjectVersion": "1",
        "PluginsS3Path": f"{path}/plugins.zip",
        "PluginsS3ObjectVersion": "1",
        "AirflowConfigurationOptions": {},
    }
    home = tmp_path / "home"
    airflow.download(bucket, record, home)
    assert (home / "dags/a.py").read_text() == "# a DAG"
    assert (home / "plugins/menu.py").read_text() == "# of the team"
    assert not [*home.rglob("others.py")]
    assert airflow.delivered_variables(record, home, {}) == {"PLACE": "here"}


def test_a_requirement_that_is_installed_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# comment\n--constraint x\napache-airflow-providers-postgres>=7 # why\n")
    airflow.check_requirements(file)


@pytest.mark.parametrize("wanted", ["no-such-package==1.0", "apache-airflow-providers-postgres<7"])
def test_a_requirement_that_is_not_installed_is_named(tmp_path: Path, wanted: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{wanted}\n")
    with pytest.raises(LookupError, match="make lock setup"):
        airflow.check_requirements(file)


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
