"""Paths that need no permission: what the templates themselves hand on."""

from collections.abc import Iterator, Sequence

from review.iam.decision import Answer
from review.matrix.labels import Labels, place
from review.paths.handed import calling, holding_data, running_with
from review.paths.model import Path
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity


def given(access: Access, labels: Labels, holding: Sequence[Identity]) -> Iterator[Path]:
    """Each path that is open as soon as the templates are deployed."""
    for identity in holding:
        yield from _running(identity, access, labels)
        for function in labels.runs_with(identity):
            for one in calling(function, access):
                yield Path(
                    who=f"{one.type} {one.shown}",
                    how=f"call {labels.name(identity)}, or hear what it answers",
                    reaches=[labels.name(identity)],
                    answer=Answer.ALLOWED,
                    evidence=[place(one)],
                )
    for server in access.servers:
        for one in holding_data(server, access):
            yield Path(
                who=f"{one.type} {one.shown}",
                how=f"hold the data of {server.name}, or lead to it",
                reaches=[f"everything on {server.name}"],
                answer=Answer.ALLOWED,
                evidence=[place(one)],
            )
    for one in access.assembly.of_type("AWS::Backup::BackupPlan"):
        if "CopyActions" in str(one.properties):
            yield Path(
                who=f"{one.type} {one.shown}",
                how="copy backups elsewhere, of whatever is selected for it",
                reaches=[f"everything on {server.name}" for server in access.servers],
                answer=Answer.UNKNOWN,
                evidence=[place(one)],
            )
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
    for one in running_with(identity, access):
        if one not in labels.runs_with(identity):
            yield _run(one, name)


def _run(one: Resource, name: str) -> Path:
    return Path(
        who=f"{one.type} {one.shown}",
        how=f"run with the role of {name}",
        reaches=[name],
        answer=Answer.ALLOWED,
        evidence=[place(one)],
    )


def _bucket_elsewhere(one: Resource, access: Access, labels: Labels) -> Iterator[Path]:
    bucket = str(one.properties.get("SourceBucketArn"))
    if all(
        other.attribute("Arn") != bucket for other in access.assembly.of_type("AWS::S3::Bucket")
    ):
        yield Path(
            who=f"whoever may write to {bucket}",
            how="write to Airflow's bucket, where its code is",
            reaches=[labels.runs_as(one)],
            answer=Answer.UNKNOWN,
            evidence=[place(one)],
        )
