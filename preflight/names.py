"""Names that are taken: what stands in the account already, and in none of its stacks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deployed.stack import Template

_NAMED_BY = {
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
}


def taken(rds: Any, logs: Any, template: Template, there: Mapping[str, str]) -> Iterator[str]:
    """What another removal left, so that it cannot be made.

    Args:
        rds: a boto3 client; it calls DescribeDBClusters and DescribeDBInstances.
        logs: another; it calls DescribeLogGroups.
        template: of a stack, as it is to be.
        there: the logical ids of what the stack has already.

    Raises:
        ClientError: the caller may not ask.
    """
    exists: dict[str, Callable[[str], bool]] = {
        "AWS::Logs::LogGroup": lambda name: _group_exists(logs, name),
        "AWS::RDS::DBCluster": lambda name: _cluster_exists(rds, name),
        "AWS::RDS::DBInstance": lambda name: _instance_exists(rds, name),
    }
    found = [
        f"{name} ({kind.removeprefix('AWS::')})"
        for logical_id, resource in template.get("Resources", {}).items()
        if (named_by := _NAMED_BY.get(kind := resource["Type"])) and logical_id not in there
        if isinstance(name := resource.get("Properties", {}).get(named_by), str)
        if exists[kind](name)
    ]
    if found:
        yield (
            f"there already, and in no stack of this environment: {', '.join(found)}; what stayed "
            "when the environment was removed is taken up again as docs/removal.md says"
        )


def _cluster_exists(rds: Any, name: str) -> bool:
    try:
        return bool(rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"])
    except rds.exceptions.DBClusterNotFoundFault:
        return False


def _instance_exists(rds: Any, name: str) -> bool:
    try:
        return bool(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"])
    except rds.exceptions.DBInstanceNotFoundFault:
        return False


def _group_exists(logs: Any, name: str) -> bool:
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in found)
