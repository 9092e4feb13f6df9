"""Airflow reads its own secrets and no other."""

from collections.abc import Iterator

from airflow_rds_iam.declaration.model import LOOKED_UP_BY
from review.guardrails.subject import Subject, Violation
from review.iam.policy import Statement
from review.matrix.connecting import speaking_of
from review.templates.assembly import Resource
from review.templates.identities import Identity

READS = (
    "secretsmanager:GetSecretValue",
    "secretsmanager:BatchGetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)


def violations(subject: Subject) -> Iterator[Violation]:
    """Each statement that lets its role read more."""
    own = frozenset(one.resource.attribute(None) for one in subject.access.connections)
    for identity in subject.access.identities:
        if subject.labels.is_airflow(identity):
            yield from _reading(subject, identity, own)


def _reading(subject: Subject, identity: Identity, own: frozenset[str]) -> Iterator[Violation]:
    for policy in identity.policies:
        for action in READS:
            wrong = [
                (statement, [one for one in statement.resources or ("*",) if one not in own])
                for statement in speaking_of([policy], action)
                if statement.allows and statement.readable and not _tagged(subject, statement)
            ]
            for statement, others in wrong:
                if others:
                    yield Violation(
                        message=f"Airflow may {action} of {', '.join(others)} by statement "
                        f"{statement.name}; its connections alone are its own",
                        resource=subject.resource(policy.source.stack, policy.source.logical_id),
                    )
            if any(others for _, others in wrong):
                break


def _tagged(subject: Subject, statement: Statement) -> bool:
    """Whether it reads what is tagged as a connection of this environment, and nothing else is."""
    asked = statement.conditions.get("StringEquals", {}).get(f"aws:ResourceTag/{LOOKED_UP_BY}")
    own = [one.resource for one in subject.access.connections]
    prefixes = {str(one.properties.get("Name")).rpartition("/")[0] for one in own}
    tagged = {
        one.place
        for one in subject.access.assembly.of_type("AWS::SecretsManager::Secret")
        if _tag(one) == asked
    }
    return (
        asked is not None
        and {one.partition(":secret:")[2] for one in statement.resources or ()}
        == {f"{prefix}/*" for prefix in prefixes}
        and tagged == {one.place for one in own}
    )


def _tag(secret: Resource) -> str | None:
    for tag in secret.properties.get("Tags", ()):
        if tag.get("Key") == LOOKED_UP_BY:
            return str(tag.get("Value"))
    return None
