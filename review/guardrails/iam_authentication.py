"""Every server takes IAM's tokens."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server that does not."""
    for server in subject.access.servers:
        one = server.resource
        if one and one.properties.get("EnableIAMDatabaseAuthentication") not in (True, "true"):
            yield Violation(message=f"{server.name} takes no IAM authentication", resource=one)
