"""A person at a terminal, who deploys an environment beside the one that is there."""

import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import yaml

from proof.declared import read
from proof.deployment import DECLARATION, Deployment, stacks
from proof.environment import Environment
from proof.programs import ROOT, environment
from proof.shop import IDENTITY


def typed(
    deployment: Deployment, *targets: str, declaration: Path, output: Path
) -> tuple[int, str]:
    """Type `make TARGETS` at a terminal at which nobody answers; what it ended with and showed."""
    master, terminal = pty.openpty()
    account = deployment.account
    process = subprocess.Popen(
        ["make", *targets, f"ENVIRONMENT={declaration}", f"OUTPUT={output}"],
        cwd=ROOT,
        env=environment(account.variables(account.administrator)) | {"TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    try:
        # Nobody would ever answer a question.
        while part := _read(master):
            shown += part
            if b"(y/n)" in shown:
                process.terminate()
    finally:
        os.close(master)
    return process.wait(), shown.decode(errors="replace")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when nobody has it open any more
        return b""


def deployed(deployment: Deployment) -> set[str]:
    found = deployment.account.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"] for stack in found}


def test_a_second_environment_is_deployed_and_destroyed_at_a_terminal_beside_the_first(
    deployment: Deployment, tmp_path: Path
) -> None:
    first, declaration, output = deployed(deployment), tmp_path / "second.yaml", tmp_path / "out"
    content: dict[str, Any] = yaml.safe_load(DECLARATION.read_text())
    content["tags"] = {"environment": "two"}
    instances = content["instances"]
    old = {**instances["warehouse"], "databases": {"archive": {"own": ["shop"]}}}
    declaration.write_text(yaml.safe_dump(content | {"instances": {**instances, "old": old}}))

    status, shown = typed(deployment, "diff", "deploy", declaration=declaration, output=output)
    assert (status, "(y/n)" in shown) == (0, False), shown
    second = {*stacks(output)}
    assert {name.partition("-")[0] for name in second} == {"second"}
    assert deployed(deployment) == first | second
    declaration.write_text(yaml.safe_dump(content))
    for declared in (read(declaration), deployment.declared):
        user = declared.grant(IDENTITY, "orders").user
        there = Environment(account=deployment.account, declared=declared)
        with there.identity(IDENTITY).log_in(user, "orders") as session:
            assert session.execute("SELECT current_user").fetchone() == ("orders_owner",)

    # An instance that is declared no more: its stack is named, and goes with the environment.
    status, shown = typed(deployment, "diff", declaration=declaration, output=output)
    assert "second-database-old (with the instance second-old, whose data goes with it)" in shown
    status, shown = typed(deployment, "prune", declaration=declaration, output=output)
    assert "second-database-old is used by second-access, as that is deployed; first" in shown
    assert deployed(deployment) == first | second
    status, shown = typed(deployment, "destroy", declaration=declaration, output=output)
    assert (status, "(y/n)" in shown) == (0, False), shown
    assert deployed(deployment) == first
    _remove_what_stays(deployment)


def _remove_what_stays(deployment: Deployment) -> None:
    """The logs that outlive an environment, as the account's owner would in the end."""
    s3, logs = deployment.account.client("s3"), deployment.account.client("logs")
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith("second-"):
            versions = s3.list_object_versions(Bucket=bucket["Name"])
            for one in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
                s3.delete_object(Bucket=bucket["Name"], Key=one["Key"], VersionId=one["VersionId"])
            s3.delete_bucket(Bucket=bucket["Name"])
    for group in logs.describe_log_groups()["logGroups"]:
        if group["logGroupName"].startswith("/aws/lambda/second-"):
            logs.delete_log_group(logGroupName=group["logGroupName"])
