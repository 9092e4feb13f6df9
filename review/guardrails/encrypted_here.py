"""Every server's data is encrypted, and with no key of another account."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.iam.matching import has_token

KEYS = ("KmsKeyId", "PerformanceInsightsKMSKeyId")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server that is not, or with such a key."""
    for server in subject.access.servers:
        one = server.resource
        if one is None:
            continue
        if one.properties.get("StorageEncrypted") not in (True, "true"):
            yield Violation(message=f"{server.name} stores data unencrypted", resource=one)
        account = one.stack.environment["account"]
        for name in KEYS:
            key = str(one.properties.get(name, ""))
            if key.startswith("arn:") and not has_token(key) and f":{account}:" not in key:
                yield Violation(
                    message=f"{server.name} is encrypted with a key of another account, {key}",
                    resource=one,
                )
