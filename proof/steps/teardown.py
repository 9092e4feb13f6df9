"""What is left when everything was destroyed: nothing."""

import json
import time
from collections.abc import Collection

import psutil

from proof.deployment import Deployment, stacks
from proof.progress import UnprovenError

GONE_SECONDS = 10


def everything_is_destroyed(deployment: Deployment) -> str:
    """`make destroy` leaves what the templates retain, and what others own as it was."""
    account = deployment.account
    kept = _kept(deployment)
    deployment.make("destroy")
    told = deployment.log("destroy").read_text()
    own = account.client
    left = {
        "stacks": [
            stack["StackName"] for stack in own("cloudformation").describe_stacks()["Stacks"]
        ],
        "instances": [
            instance["DBInstanceIdentifier"]
            for instance in own("rds").describe_db_instances()["DBInstances"]
        ],
        "Airflow environments": own("mwaa").list_environments()["Environments"],
        "functions": [
            function["FunctionName"] for function in own("lambda").list_functions()["Functions"]
        ],
        "secrets": [
            secret["Name"] for secret in own("secretsmanager").list_secrets()["SecretList"]
        ],
        "buckets": [bucket["Name"] for bucket in own("s3").list_buckets()["Buckets"]],
        "policies": [
            policy["PolicyName"] for policy in own("iam").list_policies(Scope="Local")["Policies"]
        ],
        "log groups": [
            group["logGroupName"] for group in own("logs").describe_log_groups()["logGroups"]
        ],
        "roles": [role["RoleName"] for role in own("iam").list_roles()["Roles"]],
    }
    of_others = deployment.roles_of_others
    if missing := of_others - {*left["roles"]}:
        raise UnprovenError(f"roles of others are gone: {missing}")
    own_left = {
        f"{kind}: {name}"
        for kind, names in left.items()
        for name in names
        if name not in of_others and not name.lower().startswith("cdk")
    }
    if strange := {name for name in own_left if name.split(": ")[1] not in kept}:
        raise UnprovenError(f"left after make destroy: {sorted(strange)}")
    buckets = {name for name in left["buckets"] if name in kept}
    if silent := {name for name in buckets if f"S3 access logs stay in {name}" not in told}:
        raise UnprovenError(f"make destroy does not tell that these stay: {sorted(silent)}")
    return f"kept, as they hold logs: {', '.join(sorted(own_left))}"


def _kept(deployment: Deployment) -> set[str]:
    """What outlives the stacks: what their templates retain, and logs of Lambda's own."""
    pages = deployment.account.client("cloudformation").get_paginator("list_stack_resources")
    kept: set[str] = set()
    for stack in stacks(deployment.assembly):
        template = json.loads((deployment.assembly / f"{stack}.template.json").read_text())
        for page in pages.paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                name = resource["PhysicalResourceId"]
                declared = template["Resources"].get(resource["LogicalResourceId"], {})
                if declared.get("DeletionPolicy", "Delete").startswith("Retain"):
                    kept.add(name)
                if resource["ResourceType"] == "AWS::Lambda::Function":
                    kept.add(f"/aws/lambda/{name}")
    return kept


def descendants() -> list[psutil.Process]:
    """The processes that this one started, and those that they did."""
    return psutil.Process().children(recursive=True)


def nothing_runs(started: Collection[psutil.Process]) -> str:
    """None of the processes is left."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := [process for process in started if process.is_running()]:
        if time.monotonic() > deadline:
            names = ", ".join(f"{process.pid} {process.name()}" for process in left)
            raise UnprovenError(f"still running: {names}")
        time.sleep(0.05)
    return f"{len(started)} processes"
