"""What the stand-in for Amazon MWAA makes of an environment's record."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from proof import mwaa
from proof.programs import ProgramError


def test_a_configuration_option_is_an_environment_variable() -> None:
    assert mwaa.configuration({"core.parallelism": "64", "secrets.backend_kwargs": "{}"}) == {
        "AIRFLOW__CORE__PARALLELISM": "64",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": "{}",
    }


def test_what_a_startup_script_exports_is_kept_and_what_it_only_sets_is_not(
    tmp_path: Path,
) -> None:
    script = tmp_path / "startup.sh"
    script.write_text('echo noise\nexport PLACE="$AIRFLOW_HOME/a\nb"\nunexported=1\n')
    assert mwaa.exports(script, {"AIRFLOW_HOME": "/home"}) == {"PLACE": "/home/a\nb"}


def test_a_startup_script_that_fails_is_an_error(tmp_path: Path) -> None:
    script = tmp_path / "startup.sh"
    script.write_text("exit 3\n")
    with pytest.raises(ProgramError, match=r"startup\.sh"):
        mwaa.exports(script, {})


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
    mwaa.download(bucket, record, home)
    assert (home / "dags/a.py").read_text() == "# a DAG"
    assert (home / "plugins/menu.py").read_text() == "# of the team"
    assert not [*home.rglob("others.py")]
    assert mwaa.delivered_variables(record, home, {}) == {"PLACE": "here"}


def test_a_requirement_that_is_installed_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# comment\n--constraint x\napache-airflow-providers-postgres>=7 # why\n")
    mwaa.check_requirements(file)


@pytest.mark.parametrize("wanted", ["no-such-package==1.0", "apache-airflow-providers-postgres<7"])
def test_a_requirement_that_is_not_installed_is_named(tmp_path: Path, wanted: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{wanted}\n")
    with pytest.raises(LookupError, match="make lock setup"):
        mwaa.check_requirements(file)
