"""What is left when everything was destroyed: nothing."""

import time
from collections.abc import Collection

import psutil

from local import cdk
from local.deployment import Deployment
from local.environment import stranger
from local.progress import Unproven

GONE_SECONDS = 10


def everything_is_destroyed(deployment: Deployment) -> str:
    """`cdk destroy` takes each resource with it, and leaves what others own as it was."""
    account = deployment.account
    cdk.destroy(account, assembly=deployment.assembly, log=deployment.log("destroy"))
    own = account.client
    left = {
        "stacks": [
            stack["StackName"]
            for stack in own("cloudformation").describe_stacks()["Stacks"]
            if stack["StackName"] != "CDKToolkit"
        ],
        "instances": own("rds").describe_db_instances()["DBInstances"],
        "environments": own("mwaa").list_environments()["Environments"],
        "functions": own("lambda").list_functions()["Functions"],
        "secrets": own("secretsmanager").list_secrets()["SecretList"],
        "buckets": [
            bucket["Name"]
            for bucket in own("s3").list_buckets()["Buckets"]
            if not bucket["Name"].startswith("cdk-")
        ],
        "policies": [
            policy["PolicyName"] for policy in own("iam").list_policies(Scope="Local")["Policies"]
        ],
        "log groups": [
            group["logGroupName"] for group in own("logs").describe_log_groups()["logGroups"]
        ],
    }
    if remaining := {kind: found for kind, found in left.items() if found}:
        raise Unproven(f"left after cdk destroy: {remaining}")
    roles = {role["Arn"] for role in own("iam").list_roles()["Roles"]}
    existing = {*deployment.declared.role_arns.values(), stranger(deployment.declared)}
    if missing := existing - roles:
        raise Unproven(f"roles that others own are gone: {missing}")
    return f"{len(existing)} roles of others are still there"


def descendants() -> list[psutil.Process]:
    """The processes that this one started, and those that they did."""
    return psutil.Process().children(recursive=True)


def nothing_runs(started: Collection[psutil.Process]) -> str:
    """None of the processes is left."""
    deadline = time.monotonic() + GONE_SECONDS
    while left := [process for process in started if process.is_running()]:
        if time.monotonic() > deadline:
            names = ", ".join(f"{process.pid} {process.name()}" for process in left)
            raise Unproven(f"still running: {names}")
        time.sleep(0.05)
    return f"{len(started)} processes"
