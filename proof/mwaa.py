"""What Amazon MWAA's service does with an environment that was deployed."""

import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from proof.account import Account, Credentials
from proof.airflow import BIN, LOCAL_OPTIONS, Airflow
from proof.programs import ProgramError, environment

SETTINGS = Path(__file__).with_name("airflow_local_settings.py")
SESSION = "worker"
"""Name of the session of the execution role that Airflow's own calls are made with."""


def set_up(
    account: Account,
    record: Mapping[str, Any],
    *,
    home: Path,
    log: Path,
    programs: Path = BIN,
) -> Airflow:
    """Do what Amazon MWAA does with an environment that was deployed.

    Args:
        account: where the environment was deployed.
        record: the environment as MWAA describes it.
        home: Airflow's home, with its own database.
        log: file that Airflow logs to.
        programs: those of the Airflow that it is.

    Raises:
        LookupError: the local Airflow lacks something that the environment's requirements want.
        PermissionError: the execution role does not trust Airflow.
    """
    role = assume(account, record, session=SESSION, seconds=12 * 3600)
    download(account.client("s3", role), record, home)
    _append_authorities(account, home)
    check_requirements(downloaded(record["RequirementsS3Path"], record, home), programs)
    (home / "config").mkdir(exist_ok=True)
    shutil.copy(SETTINGS, home / "config")
    own = {
        **LOCAL_OPTIONS,
        **account.variables(role),
        "AIRFLOW_HOME": str(home),
        # The endpoint's real name stands for an address on loopback here.
        "PGHOSTADDR": "127.0.0.1",
    }
    variables = own | delivered_variables(record, home, own)
    return Airflow(home=home, variables=variables, log=log, programs=programs)


def delivered_variables(
    record: Mapping[str, Any], home: Path, own: Mapping[str, str]
) -> dict[str, str]:
    """What every process of Airflow inherits from the environment's configuration.

    Args:
        record: the environment as MWAA describes it.
        home: Airflow's home, with the files that the environment names.
        own: what a process has in its environment beside.
    """
    variables = configuration(record["AirflowConfigurationOptions"])
    if script := record.get("StartupScriptS3Path"):
        file = downloaded(script, record, home)
        variables |= exports(file, {**own, **variables})
    return variables


def assume(
    account: Account, record: Mapping[str, Any], *, session: str, seconds: int = 3600
) -> Credentials:
    """A session of the execution role, as Amazon MWAA gives its workers one."""
    return account.assume_as_service(
        record["ExecutionRoleArn"],
        service="airflow.amazonaws.com",
        source_arn=record["Arn"],
        session=session,
        seconds=seconds,
    )


def download(s3: Any, record: Mapping[str, Any], home: Path) -> None:
    """Copy what the environment names from its bucket, with the versions that it names."""
    bucket = record["SourceBucketArn"].rpartition(":")[2]
    prefix = _dags(record)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    versions = {item["Key"]: None for page in pages for item in page.get("Contents", [])}
    for file in ("Requirements", "StartupScript", "Plugins"):
        if key := record.get(f"{file}S3Path"):
            versions[key] = record[f"{file}S3ObjectVersion"]
    for key, version in versions.items():
        target = downloaded(key, record, home)
        target.parent.mkdir(parents=True, exist_ok=True)
        which = {"VersionId": version} if version else {}
        target.write_bytes(s3.get_object(Bucket=bucket, Key=key, **which)["Body"].read())
        if key == record.get("PluginsS3Path"):
            shutil.unpack_archive(target, home / "plugins")


def downloaded(key: str, record: Mapping[str, Any], home: Path) -> Path:
    """Where a file of the bucket is in Airflow's home: that of the DAGs is always this one."""
    prefix = _dags(record)
    return home / ("dags/" + key.removeprefix(prefix) if key.startswith(prefix) else key)


def _dags(record: Mapping[str, Any]) -> str:
    return record["DagS3Path"].strip("/") + "/"


def configuration(options: Mapping[str, str]) -> dict[str, str]:
    """Airflow's environment variables for configuration options, as Amazon MWAA sets them."""
    return {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value
        for option, value in options.items()
        for section, _, key in [option.partition(".")]
    }


def exports(script: Path, variables: dict[str, str]) -> dict[str, str]:
    """What a startup script adds to the environment or changes in it. ProgramError if it fails."""
    before = environment(variables)
    sourced = subprocess.run(  # noqa: S603
        ["/bin/bash", "-c", '. "$1" >&2 && env -0', "bash", script],
        env=before,
        capture_output=True,
        check=False,
        text=True,
    )
    if sourced.returncode:
        raise ProgramError(f"{script.name} ended with {sourced.returncode}: {sourced.stderr}")
    after = dict(line.split("=", 1) for line in sourced.stdout.split("\0") if line)
    shells_own = {"_", "PWD", "OLDPWD", "SHLVL"}
    return {
        name: value
        for name, value in after.items()
        if name not in shells_own and before.get(name) != value
    }


def check_requirements(file: Path, programs: Path = BIN) -> None:
    """LookupError for a requirement that the local Airflow does not have installed."""
    [packages] = (programs.parent / "lib").glob("python*/site-packages")
    for line in file.read_text().splitlines():
        requirement = re.sub(r"(^|\s)#.*", "", line).strip()
        if not requirement or requirement.startswith("-"):
            continue
        wanted = Requirement(requirement)
        found = [*importlib.metadata.distributions(name=wanted.name, path=[str(packages)])]
        if not found or found[0].version not in wanted.specifier:
            raise LookupError(
                f"{file.name} wants {requirement}, and the local Airflow has "
                f"{found[0].version if found else 'none'}: add it to the group `airflow` in "
                "pyproject.toml and run `make lock setup`"
            )


def _append_authorities(account: Account, home: Path) -> None:
    # Amazon's authorities vouch for RDS's servers; here a local one stands in their place.
    bundle = home / "dags/certificates/global-bundle.pem"
    bundle.write_text(f"{bundle.read_text()}\n{account.authorities.read_text()}")
