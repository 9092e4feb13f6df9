"""No grant outlives the day that it was given until."""

from collections.abc import Iterator
from datetime import timedelta

from review.guardrails.subject import Subject, Violation

AHEAD = timedelta(days=14)
"""How long before its last day a grant is warned of."""


def violations(subject: Subject) -> Iterator[Violation]:
    """Each grant whose last day has passed, or is near."""
    for grant in subject.declared.grants:
        if grant.until is None:
            continue
        what = f"{grant.identity} may {grant.level} {grant.database} until {grant.until}"
        left = grant.until - subject.today
        if left < timedelta():
            yield Violation(message=f"{what}, which has passed", grant=grant)
        elif left <= AHEAD:
            days = f"{left.days} days from now" if left else "today"
            yield Violation(message=f"{what}, {days}", grant=grant, level="warning")
