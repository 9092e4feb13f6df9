"""No master user's password is read, but for the deploy that makes the administrator."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.templates.servers import with_passwords


def violations(subject: Subject) -> Iterator[Violation]:
    """Each administrator that is made by a password."""
    for one in with_passwords(subject.access.assembly):
        yield Violation(
            message=f"{one.place} has a function read the password of a master user: remove "
            "`bootstrap` from the declaration once it is deployed",
            resource=one,
            level="warning",
        )
