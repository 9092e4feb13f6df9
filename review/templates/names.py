"""What ``Ref`` and ``Fn::GetAtt`` give for the resources that policies name.

Source: "Return values" of each type in the CloudFormation template reference, and "Resource types
defined by" each service in the Service Authorization Reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from review.iam.matching import token


@dataclass(frozen=True)
class Names:
    """Templates of texts: ``{name}`` is the resource's name, ``{own[X]}`` known at deploy only."""

    name: str | None
    """The property that names the resource."""
    ref: str = "{name}"
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


def _iam(kind: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{kind}{{path}}{{name}}"


_GROUP_ID = "{own[GroupId]}"
_MACHINE = _arn("states", "stateMachine:{name}")
_SECRET = _arn("secretsmanager", "secret:{name}-{own[Suffix]}")
_TOPIC = _arn("sns", "{name}")

_NAMES = {
    "AWS::EC2::SecurityGroup": Names(None, _GROUP_ID, {"GroupId": _GROUP_ID, "Id": _GROUP_ID}),
    "AWS::IAM::Group": Names("GroupName", "{name}", {"Arn": _iam("group")}),
    "AWS::IAM::ManagedPolicy": Names(
        "ManagedPolicyName", _iam("policy"), {"PolicyArn": _iam("policy")}
    ),
    "AWS::IAM::Role": Names("RoleName", "{name}", {"Arn": _iam("role")}),
    "AWS::IAM::User": Names("UserName", "{name}", {"Arn": _iam("user")}),
    "AWS::KMS::Key": Names(None, "{name}", {"Arn": _arn("kms", "key/{name}"), "KeyId": "{name}"}),
    "AWS::Lambda::Function": Names(
        "FunctionName", "{name}", {"Arn": _arn("lambda", "function:{name}")}
    ),
    "AWS::Logs::LogGroup": Names(
        "LogGroupName", "{name}", {"Arn": _arn("logs", "log-group:{name}:*")}
    ),
    "AWS::MWAA::Environment": Names(
        "Name", "{name}", {"Arn": _arn("airflow", "environment/{name}")}
    ),
    "AWS::RDS::DBCluster": Names(
        "DBClusterIdentifier", "{name}", {"DBClusterArn": _arn("rds", "cluster:{name}")}
    ),
    "AWS::RDS::DBInstance": Names(
        "DBInstanceIdentifier", "{name}", {"DBInstanceArn": _arn("rds", "db:{name}")}
    ),
    "AWS::S3::Bucket": Names("BucketName", "{name}", {"Arn": "arn:{partition}:s3:::{name}"}),
    "AWS::SNS::Topic": Names("TopicName", _TOPIC, {"TopicArn": _TOPIC}),
    "AWS::SQS::Queue": Names("QueueName", "{own[Url]}", {"Arn": _arn("sqs", "{name}")}),
    "AWS::SecretsManager::Secret": Names("Name", _SECRET, {"Id": _SECRET}),
    "AWS::StepFunctions::StateMachine": Names("StateMachineName", _MACHINE, {"Arn": _MACHINE}),
}


class _Own:
    """Attributes of a resource that are known at deploy only."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __getitem__(self, attribute: str) -> str:
        return token(f"{self._place}.{attribute}")


def named(
    resource_type: str,
    attribute: str | None,
    *,
    place: str,
    properties: Mapping[str, Any],
    environment: Mapping[str, str],
) -> str:
    """The text that ``Ref`` or ``Fn::GetAtt`` of a resource gives.

    Args:
        resource_type: such as ``AWS::IAM::Role``.
        attribute: None for ``Ref``.
        place: stack and logical id, ``stack/LogicalId``.
        properties: the resource's, resolved.
        environment: ``partition``, ``region`` and ``account``.
    """
    if resource_type.startswith(("Custom::", "AWS::CloudFormation::")):
        # A custom resource answers what its function likes.
        return token(f"{place}.{attribute or 'Ref'}", kind="?")
    names = _NAMES.get(resource_type)
    shape = names and (names.ref if attribute is None else names.attributes.get(attribute))
    if not names or not shape:
        whole = attribute is None or attribute.lower().endswith("arn")
        kind = "~" if whole or not names else ""
        return token(f"{place}.{attribute}" if attribute else place, kind=kind)
    name = properties.get(names.name) if names.name else None
    path = properties.get("Path", "/")
    return shape.format(
        name=name if isinstance(name, str) and name else token(place),
        path=path if isinstance(path, str) else token(f"{place}.Path", kind="?"),
        own=_Own(place),
        **environment,
    )
