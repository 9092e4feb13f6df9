"""Sessions of the roles with which the CDK's own commands act in an account.

A pipeline's role may assume these and nothing else ("Bootstrapping IAM roles" of the CDK guide).
"""

import json
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.exceptions import ClientError

Purpose = Literal["read", "deploy"]


def session(assembly: Path, purpose: Purpose) -> Any:
    """A boto3 session for the stacks of ``assembly``.

    It is the caller's own where they may not assume the role, as with the CDK.
    """
    own: Any = boto3.Session()
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"].values()
    [stack, *_] = [one for one in artifacts if one["type"] == "aws:cloudformation:stack"]
    properties = stack["properties"]
    declared = stack["environment"].rpartition("/")[2]
    region = own.region_name if declared.startswith("unknown") else declared
    role: str | None = {
        "read": properties.get("lookupRole", {}).get("arn"),
        "deploy": properties.get("assumeRoleArn"),
    }[purpose]
    if role is None:
        return boto3.Session(region_name=region)
    try:
        sts = own.client("sts", region_name=region)
        caller = sts.get_caller_identity()
        for name, value in (
            ("Partition", caller["Arn"].split(":")[1]),
            ("AccountId", caller["Account"]),
            ("Region", region),
        ):
            role = role.replace(f"${{AWS::{name}}}", value)
        given = sts.assume_role(RoleArn=role, RoleSessionName="airflow-rds-iam")["Credentials"]
    except ClientError:
        return boto3.Session(region_name=region)
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=region,
    )
