import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.certificates import RDS_CERTIFICATES
from airflow_rds_iam.delivery.function_code import function_code
from tests.conftest import ROOT
from tests.templates import properties, synthesized

PACKAGES = ("database_users", "rds_login")
RUNTIME = ROOT / ".local/venvs/runtime/bin/python"


def bundled(
    stack: Stack, *packages: str, distributions: Sequence[str], files: Sequence[Path]
) -> Path:
    lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="x.y",
        code=function_code(*packages, distributions=distributions, files=files),
    )
    [function] = properties(synthesized(stack), "AWS::Lambda::Function")
    app = stack.node.root
    assert isinstance(app, App)
    return Path(app.outdir, "asset." + function["Code"]["S3Key"].removesuffix(".zip"))


@pytest.fixture(scope="module")
def bundle(new_stack: Callable[[], Stack]) -> Path:
    return bundled(new_stack(), *PACKAGES, distributions=["pg8000"], files=[RDS_CERTIFICATES])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_bundle_holds_the_package_its_driver_and_what_that_requires(bundle: Path) -> None:
    packages = {path.name for path in bundle.iterdir() if not path.name.endswith(".dist-info")}
    assert packages == {
        *PACKAGES,
        "global-bundle.pem",
        *("asn1crypto", "dateutil", "pg8000", "scramp", "six.py"),
    }


def test_the_bundle_holds_the_certificates_as_they_are(bundle: Path) -> None:
    assert (bundle / "global-bundle.pem").read_bytes() == RDS_CERTIFICATES.read_bytes()


def test_the_bundle_holds_nothing_compiled_and_nothing_of_the_installation(bundle: Path) -> None:
    names = set(files_of(bundle))
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so"))]
    information = {Path(name).name for name in names if ".dist-info/" in name}
    assert information == {"METADATA"}


def test_the_same_code_makes_the_same_bytes_and_the_same_hash(
    bundle: Path, new_stack: Callable[[], Stack]
) -> None:
    previous = os.umask(0o077)
    try:
        again = bundled(new_stack(), *PACKAGES, distributions=["pg8000"], files=[RDS_CERTIFICATES])
    finally:
        os.umask(previous)
    assert again.name == bundle.name
    assert again.parent != bundle.parent
    assert files_of(again) == files_of(bundle)


def test_other_content_makes_another_hash(
    bundle: Path, new_stack: Callable[[], Stack], tmp_path: Path
) -> None:
    other = tmp_path / RDS_CERTIFICATES.name
    other.write_text("")
    changed = bundled(new_stack(), *PACKAGES, distributions=["pg8000"], files=[other])
    assert changed.name != bundle.name


@pytest.mark.first(1)
@pytest.mark.parametrize(
    "module", ["database_users.handler", "rds_login.token", "pg8000.native", "pg8000.exceptions"]
)
def test_the_bundle_runs_where_there_is_nothing_but_boto3_beside_it(
    module: str, bundle: Path
) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(bundle)!r}); import {module} as m; print(m.__file__)"
    )
    ran = subprocess.run(
        [RUNTIME, "-I", "-B", "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(bundle))


def test_without_the_bundle_the_driver_is_not_there() -> None:
    ran = subprocess.run(
        [RUNTIME, "-I", "-B", "-c", "import pg8000"], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError" in ran.stderr


def test_a_compiled_distribution_is_refused(new_stack: Callable[[], Stack]) -> None:
    with pytest.raises(RuntimeError, match=r"psycopg-binary \S+ is not pure Python: it cannot be"):
        bundled(new_stack(), "database_users", distributions=["psycopg-binary"], files=[])


def test_a_package_that_is_not_installed_is_refused() -> None:
    with pytest.raises(ValueError, match="package 'database_userz' is not installed"):
        function_code("database_userz")


def test_a_module_is_no_package() -> None:
    assert "six" not in sys.builtin_module_names
    with pytest.raises(ValueError, match="package 'six' is not installed"):
        function_code("six")
