"""Airflow reads its own secrets and no other."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.matrix.connecting import speaking_of
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
                if statement.allows and statement.readable
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
