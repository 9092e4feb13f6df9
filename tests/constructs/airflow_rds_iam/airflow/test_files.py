"""Plugins and a startup script, as the template names them and the bucket has them."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from airflow_rds_iam.airflow.files import FileError, check_startup_script, write_plugins
from tests.constructs.airflow_rds_iam.airflow.test_environment import ENVIRONMENT, made
from tests.templates import Content, of_type, synthesized, the

SCRIPT = "#!/bin/sh\n# PGSSLMODE= is none of ours\nexport TZ=UTC\n"


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    for name in ("b.py", "a/__init__.py", "a/__pycache__/x.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (file := tmp_path / "start.sh").write_text(SCRIPT)
    return file


def test_the_same_plugins_are_the_same_bytes_on_each_machine(plugins: Path, tmp_path: Path) -> None:
    write_plugins(plugins, tmp_path / "one.zip")
    copy = tmp_path / "elsewhere"
    for name in ("a/__init__.py", "b.py"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((plugins / name).read_bytes())
        (copy / name).chmod(0o755)
        os.utime(copy / name, (0, 1_000_000_000))
    write_plugins(copy, tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    (copy / "b.py").write_text("# changed\n")
    write_plugins(copy, tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() != (tmp_path / "other.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a/__init__.py", "b.py"]


@pytest.mark.parametrize("version", ["2.11.2", "3.3.1"])
def test_both_are_named_with_their_versions_and_delivered(
    new_stack: Callable[[], Stack], plugins: Path, script: Path, version: str
) -> None:
    stack = new_stack()
    made(stack, plugins=plugins, startup_script=script, version=version)
    template = synthesized(stack)
    environment = the(template, ENVIRONMENT)["Properties"]
    [files] = of_type(template, "Custom::BucketFiles")
    for kind, name in (("Plugins", "plugins.zip"), ("StartupScript", "startup.sh")):
        assert environment[f"{kind}S3Path"] == f"dags/{name}"
        assert environment[f"{kind}S3ObjectVersion"] == {"Fn::GetAtt": [files, name]}
    delivered = _delivered(stack, template)
    assert zipfile.is_zipfile(delivered / "plugins.zip")
    assert (delivered / "startup.sh").read_text() == SCRIPT
    # A zip file below the DAGs would be looked into for some.
    ignored = (delivered / ".airflowignore").read_text().splitlines()
    assert {"plugins.zip", "startup.sh"} <= {*ignored}


def test_neither_is_named_unless_declared(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    made(stack)
    environment = the(synthesized(stack), ENVIRONMENT)["Properties"]
    assert not [name for name in environment if name.startswith(("Plugins", "Startup"))]


def _delivered(stack: Stack, template: Content) -> Path:
    key = the(template, "Custom::BucketFiles")["Properties"]["SourceKey"]
    app = stack.node.root
    assert isinstance(app, App)
    return Path(app.outdir, "asset." + key.removesuffix(".zip"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: must be a shell script"),
        (b"\n \n", "is empty"),
        (b"#!/bin/sh\r\ntrue\r\n", ":1: ends as on Windows"),
        (b"true\n\xff", "is no text in UTF-8: byte 5"),
        (b"#!/usr/bin/env python3\n", ":1: '#!/usr/bin/env python3' is another program"),
        (b"true\nexport PGSSLROOTCERT=/x\n", ":2: sets PGSSLROOTCERT, which each process"),
        (b"A=1 PGSERVICEFILE=/x true\n", ":1: sets PGSERVICEFILE"),
        (b"export AIRFLOW__SECRETS__BACKEND=x\n", ":1: sets AIRFLOW__SECRETS__BACKEND, with which"),
    ],
)
def test_a_script_that_would_fail_or_break_connections_is_refused(
    content: bytes, says: str, tmp_path: Path
) -> None:
    (file := tmp_path / "start.sh").write_bytes(content)
    with pytest.raises(FileError) as caught:
        check_startup_script(file)
    assert str(caught.value).startswith(str(file))
    assert says in str(caught.value)


def test_what_is_not_there_is_told(tmp_path: Path, new_stack: Callable[[], Stack]) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        made(new_stack(), startup_script=tmp_path / "none.sh")
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(FileError, match="must be a folder with the files of plugins"):
            made(new_stack(), plugins=folder)


def test_a_folder_of_dags_that_has_such_a_file_already_is_refused(
    new_stack: Callable[[], Stack], script: Path, tmp_path: Path
) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    for name in ("requirements.txt", "startup.sh"):
        (dags / name).write_text("")
    with pytest.raises(FileError, match=r"dags/startup\.sh: is delivered from elsewhere"):
        made(new_stack(), dags=dags, startup_script=script)
