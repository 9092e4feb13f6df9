"""Paths that need no permission: what the templates themselves hand on."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from review.iam.decision import Answer
from review.matrix.labels import Labels, place
from review.paths.model import Path
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity

_GIVING_A_POLICY = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_POLICIES = ("Policy", "Policies", "PolicyDocument", "AssumeRolePolicyDocument", "Tags")


def given(access: Access, labels: Labels, holding: Sequence[Identity]) -> Iterator[Path]:
    """Each path that is open as soon as the templates are deployed."""
    for identity in holding:
        yield from _running(identity, access, labels)
    for one in access.assembly.of_type("AWS::MWAA::Environment"):
        yield from _bucket_elsewhere(one, access, labels)
    for one in access.assembly.of_type("AWS::Logs::SubscriptionFilter"):
        for server in access.servers:
            if str(one.properties.get("LogGroupName")).endswith(f"/{server.name}/postgresql"):
                yield Path(
                    who=f"whoever reads {one.properties.get('DestinationArn')}",
                    how=f"read the statements in the log of {server.name}",
                    reaches=[f"everything on {server.name}"],
                    answer=Answer.ALLOWED,
                    evidence=[place(one)],
                )


def _running(identity: Identity, access: Access, labels: Labels) -> Iterator[Path]:
    """What has a role beside the one function or Airflow environment that it was made for."""
    name = labels.name(identity)
    for one in labels.further_with(identity, access.servers):
        yield _run(one, name)
    for one in access.assembly.resources:
        known = one in labels.runs_with(identity) or one.type in _GIVING_A_POLICY
        if not known and any(_named(one.properties, identity)):
            yield _run(one, name)


def _run(one: Resource, name: str) -> Path:
    return Path(
        who=f"{one.type} {one.path or one.place}",
        how=f"run with the role of {name}",
        reaches=[name],
        answer=Answer.ALLOWED,
        evidence=[place(one)],
    )


def _named(properties: Any, identity: Identity, key: str = "") -> Iterator[bool]:
    """Yields for each property of a role's that is this identity's."""
    if isinstance(properties, dict):
        for name, value in cast("dict[str, Any]", properties).items():
            if name not in _POLICIES:
                yield from _named(value, identity, f"{key}.{name}")
    elif isinstance(properties, list):
        for one in cast("list[Any]", properties):
            yield from _named(one, identity, key)
    elif "role" in key.lower() and properties in (identity.arn, identity.name):
        yield True


def _bucket_elsewhere(one: Resource, access: Access, labels: Labels) -> Iterator[Path]:
    bucket = str(one.properties.get("SourceBucketArn"))
    if all(
        other.attribute("Arn") != bucket for other in access.assembly.of_type("AWS::S3::Bucket")
    ):
        yield Path(
            who=f"whoever may write to {bucket}",
            how="write to Airflow's bucket, where its code is",
            reaches=[labels.airflow],
            answer=Answer.UNKNOWN,
            evidence=[place(one)],
        )
