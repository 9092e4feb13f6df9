import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.pq import Conninfo
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from proof.mwaa import delivered_variables
from tests.application import ROOT, CdkOut, synthesize, templates
from tests.declared import REMOVED, dev, written
from tests.linted import linted
from tests.templates import keys_and_values, properties, text, the

# What the application is made of.
SOURCES = (
    "app.py", "cdk.json", "constructs", "dags", "environments", "lambda", "review", "stacks",
)  # fmt: skip


@pytest.fixture(params=["dev", "prod"])
def environment(request: pytest.FixtureRequest, cdk_out: CdkOut) -> Path:
    return cdk_out(request.param)


@pytest.fixture
def snapshot_of_templates(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


def test_the_templates_are_those_of_the_snapshot(
    environment: Path, snapshot_of_templates: SnapshotAssertion
) -> None:
    """`make snapshots` takes the templates of today as those to expect."""
    normalised = re.sub(
        r"\b[0-9a-f]{64}\b", "<hash of the asset>", json.dumps(templates(environment))
    )
    assert json.loads(normalised) == snapshot_of_templates


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_has_four_stacks(name: str, cdk_out: CdkOut) -> None:
    assert set(templates(cdk_out(name))) == {
        f"{name}-{stack}" for stack in ("network", "database-warehouse", "airflow", "access")
    }


def test_no_finding_and_no_warning_is_left(environment: Path) -> None:
    report = json.loads((environment / "validation-report.json").read_text())
    # A pack with no finding is not listed; that one stops the synthesis is shown further down.
    assert not [violation for one in report["pluginReports"] for violation in one["violations"]]


@pytest.mark.slow
def test_cfn_lint_finds_nothing(environment: Path) -> None:
    assert linted(environment) == []


def test_no_password_is_anywhere(environment: Path) -> None:
    for name, template in templates(environment).items():
        for key, value in keys_and_values(template):
            suspect = f"{name}: {key}: {value}"
            assert not re.search("passw|pwd|credential|generatesecret", key, re.IGNORECASE), suspect
            assert "{{resolve:" not in text(value), suspect
            if key == "SecretString":
                assert not re.search("passw|pwd|token", text(value), re.IGNORECASE), suspect


def test_every_login_is_by_a_token(environment: Path) -> None:
    found = templates(environment)
    instances = [one for each in found.values() for one in properties(each, "AWS::RDS::DBInstance")]
    assert [one["MasterUserAuthenticationType"] for one in instances] == ["iam-db-auth"]


# Connections, TLS and HTTP are steered by these without a word in the program: those of libpq's own
# list and what it reads beside ("Environment Variables"), OpenSSL's, requests', botocore's, curl's.
STEERING = {
    *(option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar),
    *("PGDATESTYLE", "PGGEQO", "PGLOCALEDIR", "PGSERVICEFILE", "PGSYSCONFDIR", "PGTZ"),
    *("OPENSSL_CONF", "OPENSSL_MODULES", "SSL_CERT_DIR", "SSL_CERT_FILE", "SSLKEYLOGFILE"),
    *("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "HOME"),
}


def test_nothing_that_airflow_is_given_steers_the_connections_of_its_every_process(
    environment: Path, tmp_path: Path
) -> None:
    """Amazon MWAA's own, to Airflow's database, would be refused with RDS's authorities."""
    assert {"PGSSLROOTCERT", "PGSSLMODE", "PGSERVICE"} <= STEERING
    airflow = templates(environment)[f"{environment.suffix[1:]}-airflow"]
    key = the(airflow, "Custom::BucketFiles")["Properties"]["SourceKey"]
    (tmp_path / "dags").symlink_to(environment / f"asset.{key.removesuffix('.zip')}")
    (tmp_path / "home").mkdir()
    record = the(airflow, "AWS::MWAA::Environment")["Properties"]
    own = {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path / "home")}
    delivered = delivered_variables(record, tmp_path, own)
    assert "AIRFLOW__SECRETS__BACKEND" in delivered
    assert {name for name in delivered if name.upper() in STEERING} == set()
    # Nor the files of that kind: ~/.postgresql/root.crt, ~/.pg_service.conf.
    assert [*(tmp_path / "home").iterdir()] == []


def acknowledgments(outdir: Path) -> list[tuple[str, str, str]]:
    """Construct path, finding and reason of each acknowledgement."""
    return [
        (path, finding, reason)
        for file in outdir.glob("*.metadata.json")
        for path, entries in json.loads(file.read_text()).items()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for finding, reason in entry["data"].items()
    ]


def test_each_acknowledgement_is_of_one_finding_below_a_stack_and_has_a_reason(
    environment: Path,
) -> None:
    found = acknowledgments(environment)
    assert len(found) > 10
    for path, finding, reason in found:
        assert path.count("/") > 2, f"{finding} is acknowledged on the whole of {path}"
        assert re.search(r"::([A-Za-z0-9.]+(-[A-Za-z0-9]+)+|[A-Z]\d+)(\[.+::.+\])?$", finding)
        if "AwsSolutions-IAM" in finding:
            assert "[" in finding, f"{path}: {finding} names no policy, action or resource"
        assert len(reason.split()) >= 10, f"{path}: {finding}: {reason!r} convinces nobody"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The application in another place."""
    folder = tmp_path / "another place"
    folder.mkdir()
    for source in SOURCES:
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, folder / source)
    return folder


def files_of(outdir: Path) -> dict[str, bytes]:
    """Each file, less the folder that jsii unpacked the CDK to, which stands in stack traces."""
    return {
        str(file.relative_to(outdir)): re.sub(rb"/jsii-kernel-\w+", b"", file.read_bytes())
        for file in outdir.rglob("*")
        if file.is_file()
    }


@pytest.mark.slow
def test_a_clone_elsewhere_makes_the_same_bytes(
    cdk_out: CdkOut, clone: Path, tmp_path: Path
) -> None:
    # What another synthesis left is gone after this one: an environment, half an asset.
    shutil.copytree(cdk_out("prod"), tmp_path / "out")
    for asset in cdk_out("dev").glob("asset.*"):
        (tmp_path / "out" / asset.name).mkdir(exist_ok=True)
    ran = synthesize("dev", tmp_path / "out", root=clone, umask=0o077)
    assert ran.returncode == 0, ran.stderr
    here, there = files_of(cdk_out("dev")), files_of(tmp_path / "out")
    assert there.keys() == here.keys()
    assert [name for name in here if there[name] != here[name]] == []


@pytest.mark.slow
def test_a_bucket_that_takes_requests_without_tls_stops_the_synthesis(
    clone: Path, tmp_path: Path
) -> None:
    module = clone / "constructs/airflow_rds_iam/airflow/environment.py"
    module.write_text(module.read_text().replace("enforce_ssl=True", "enforce_ssl=False", 1))
    ran = synthesize("dev", tmp_path / "out", root=clone)
    assert ran.returncode != 0
    findings = re.findall(r"Acknowledge with '(.+)'", ran.stdout + ran.stderr)
    assert set(findings) == {"AwsSolutions::AwsSolutions-S10"}


@pytest.mark.slow
def test_a_wrong_declaration_ends_in_its_message_before_anything_is_built(tmp_path: Path) -> None:
    file = written(dev({"network.zones": ["a"]}), tmp_path / "wrong.yaml")
    ran = synthesize(str(file), tmp_path / "out")
    assert ran.returncode != 0
    assert f"{file}:" in ran.stderr
    assert "network.zones: a list: must be a list of 2 to 6 items" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not list((tmp_path / "out").glob("*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("another_node", [False, True])
def test_by_itself_it_asks_for_an_environment_in_a_sentence(
    another_node: bool, tmp_path: Path
) -> None:
    """Whichever Node.js whoever calls it has, or none."""
    if another_node:
        (tmp_path / "node").write_text("#!/bin/sh\necho 'end-of-life' >&2\nexit 1\n")
        (tmp_path / "node").chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if "CDK_" not in name}
    variables["PATH"] = str(tmp_path)
    ran = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=variables, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "no environment is named: `cdk … -c environment=dev`, `make … ENVIRONMENT=dev`; "
        "environments in environments: dev, existing, prod\n"
    )


def test_an_environment_of_no_account_is_refused_in_words(tmp_path: Path) -> None:
    file = written(dev({"account": REMOVED}), tmp_path / "dev.yaml")
    ran = synthesize(str(file), tmp_path / "cdk.out")
    assert ran.returncode == 1
    assert ran.stderr == (
        f"{file}: account and region must be declared, or be those of your credentials\n"
    )


def test_no_package_shadows_the_library_that_cdk_imports() -> None:
    """`constructs/__init__.py` would: the application breaks where pytest may still pass."""
    files = subprocess.run(
        [
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "constructs",
            "lambda",
            "tests",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    packages = {Path(file).parent for file in files if Path(file).name == "__init__.py"}
    assert Path("constructs/airflow_rds_iam") in packages
    assert Path("lambda/bucket_files") in packages
    assert packages.isdisjoint({Path("constructs"), Path("lambda")})
    assert not [package for package in packages if package.parts[0] == "tests"]
