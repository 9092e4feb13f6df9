"""The policies of resources themselves: who else they let in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from review.iam.policy import Policy, Source, perhaps, policy
from review.templates.assembly import Assembly, Resource

# Which resources a policy is of, where not of the one that it stands in.
_OF = {
    "AWS::S3::AccessPoint": "Bucket",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SQS::QueueInlinePolicy": "Queue",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
}
# Those of identities; and one that narrows what passes an endpoint, and gives nobody anything.
_OTHERS = ("AWS::IAM::", "AWS::SSO::", "AWS::EC2::VPCEndpoint")
_NAMED = re.compile(r"Policy(Document|Text)?$")


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
        if one.type == "AWS::Lambda::Permission":
            yield ResourcePolicy(
                of=frozenset(_texts(one.properties.get("FunctionName"))),
                policy=policy(_permission(one), _source(one, "")),
                holder=one,
            )
        elif not one.type.startswith(_OTHERS):
            of = _OF.get(one.type)
            for element, document in _documents(one.properties):
                found = policy(document, _source(one, element))
                yield ResourcePolicy(
                    of=frozenset(_texts(one.properties.get(of)) if of else _own(one)),
                    policy=perhaps(found) if one.conditional else found,
                    holder=one,
                )


def _documents(properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each policy among the properties, or one below, by its shape: each type names it otherwise.

    What is called a policy and is known at deploy only is one, too.
    """
    for element, value in properties.items():
        content = _parsed(value) if isinstance(value, str) else value
        below: Mapping[str, Any] = (
            cast("Mapping[str, Any]", content) if isinstance(content, Mapping) else {}
        )
        if "Statement" in below:
            yield element, content
        elif element == "Statement" and "Effect" in below:
            yield element, {"Statement": content}
        elif _NAMED.search(element) and ("⟨?" in str(value) or "Fn::If" in below):
            yield element, None
        else:
            yield from ((element, one) for one in below.values() if _is_policy(one))


def _is_policy(value: Any) -> bool:
    return isinstance(value, Mapping) and "Statement" in value


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
