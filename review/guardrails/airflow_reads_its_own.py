"""Airflow reads its own secrets and no other."""

from collections.abc import Iterator, Sequence

from airflow_rds_iam.declaration.tags import LOOKED_UP_BY
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
    for identity in subject.access.identities:
        if airflow := subject.labels.airflow(identity):
            yield from _reading(
                subject,
                identity,
                [
                    one.resource
                    for one in subject.access.connections
                    if subject.labels.airflow_of(one) == airflow
                ],
            )


def _reading(
    subject: Subject, identity: Identity, connections: Sequence[Resource]
) -> Iterator[Violation]:
    own = frozenset(one.attribute(None) for one in connections)
    for policy in identity.policies:
        for action in READS:
            wrong = [
                (statement, [one for one in statement.resources or ("*",) if one not in own])
                for statement in speaking_of([policy], action)
                if statement.allows
                and statement.readable
                and not _tagged(subject, statement, connections)
            ]
            for statement, others in wrong:
                if others:
                    yield Violation(
                        message=_said(subject.labels.name(identity), action, others, statement),
                        resource=subject.resource(policy.source.stack, policy.source.logical_id),
                    )
            if any(others for _, others in wrong):
                break


def _said(who: str, action: str, others: Sequence[str], statement: Statement) -> str:
    return (
        f"{who} may {action} of {', '.join(others)} by statement {statement.name}; its connections "
        "alone are its own"
    )


def _tagged(subject: Subject, statement: Statement, own: Sequence[Resource]) -> bool:
    """Whether it reads what is tagged as a connection of this Airflow, and nothing else is."""
    asked = statement.conditions.get("StringEquals", {}).get(f"aws:ResourceTag/{LOOKED_UP_BY}")
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
