"""Tokens of an identity provider are taken of one subject and one audience, named exactly."""

from collections.abc import Iterator

from airflow_rds_iam.declaration.identity_provider import audience_key
from review.guardrails.subject import Subject, Violation
from review.iam.policy import Statement
from review.iam.providers import named, providers


def violations(subject: Subject) -> Iterator[Violation]:
    """Each trust in a provider that leaves its subject or its audience open."""
    for identity in subject.access.identities:
        for policy in identity.trust:
            for statement in policy.statements:
                for provider, claim in _open(statement):
                    yield Violation(
                        message=f"{subject.labels.name(identity)} is trusted to {provider}, whose "
                        f"`{claim}` statement {statement.name} does not name exactly",
                        resource=identity.resource,
                    )


def _open(statement: Statement) -> Iterator[tuple[str, str]]:
    for provider in providers(statement):
        keys = {"sub": f"{provider}:sub", "aud": audience_key(f"https://{provider}")}
        for claim, key in keys.items():
            if not named(statement, key):
                yield provider, claim
