"""Every server's data is encrypted, and nothing is with a key of another account."""

import re
from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.paths.handed import texts

KEY = re.compile(r"arn:[^:]+:kms:[^:]*:(\d{12}):(key|alias)/\S+")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server that is not, and each resource with such a key."""
    for server in subject.access.servers:
        one = server.resource
        if one and one.properties.get("StorageEncrypted") not in (True, "true"):
            yield Violation(message=f"{server.name} stores data unencrypted", resource=one)
    for one in subject.access.assembly.resources:
        # What a policy lets somebody do with a key encrypts nothing.
        for text in () if one.type.startswith("AWS::IAM::") else texts(one.properties):
            found = KEY.fullmatch(text)
            if found and found[1] != one.stack.environment["account"]:
                yield Violation(
                    message=f"{one.shown} is encrypted with a key of another account, {text}",
                    resource=one,
                )
