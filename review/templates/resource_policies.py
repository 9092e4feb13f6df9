"""The policies of resources themselves: who else they let in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from review.iam.policy import Policy, Source, perhaps, policy
from review.templates.assembly import Assembly, Resource

# Where a policy stands, and which resources it is of; none: of the resource itself.
_HELD = {
    "AWS::Backup::BackupVault": ("AccessPolicy", None),
    "AWS::KMS::Key": ("KeyPolicy", None),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", None),
    "AWS::S3::AccessPoint": ("Policy", "Bucket"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SecretsManager::ResourcePolicy": ("ResourcePolicy", "SecretId"),
}


@dataclass(frozen=True, kw_only=True)
class ResourcePolicy:
    """A policy, and whose it is."""

    of: frozenset[str]
    """What ``Ref`` or the ARN of its resources gives."""
    policy: Policy
    holder: Resource


def resource_policies(assembly: Assembly) -> tuple[ResourcePolicy, ...]:
    """Every policy of a resource, less the trust of roles."""
    return tuple(_resource_policies(assembly))


def _resource_policies(assembly: Assembly) -> Iterator[ResourcePolicy]:
    for one in assembly.resources:
        held = _HELD.get(one.type)
        if held and one.properties.get(held[0]):
            element, of = held
            document = one.properties[element]
            if isinstance(document, str):
                document = _parsed(document)
            found = policy(document, _source(one, element))
            yield ResourcePolicy(
                of=frozenset(_texts(one.properties.get(of)) if of else _own(one)),
                policy=perhaps(found) if one.conditional else found,
                holder=one,
            )
        elif one.type == "AWS::Lambda::Permission":
            yield ResourcePolicy(
                of=frozenset(_texts(one.properties.get("FunctionName"))),
                policy=policy(_permission(one), _source(one, "")),
                holder=one,
            )


def _permission(one: Resource) -> dict[str, Any]:
    """The statement that a permission adds to its function's policy."""
    principal = str(one.properties.get("Principal"))
    service = principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    conditions = {
        "StringEquals": {"aws:SourceAccount": one.properties.get("SourceAccount")},
        "ArnLike": {"aws:SourceArn": one.properties.get("SourceArn")},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service" if service else "AWS": principal},
        "Action": one.properties.get("Action"),
        "Resource": "*",
        "Condition": {
            operator: keys for operator, keys in conditions.items() if all(keys.values())
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _own(one: Resource) -> list[str]:
    return [one.attribute(None), one.attribute("Arn")]


def _source(one: Resource, element: str) -> Source:
    return Source(stack=one.stack.name, logical_id=one.logical_id, element=element)


def _parsed(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return None


def _texts(value: Any) -> list[str]:
    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [str(one) for one in listed]
