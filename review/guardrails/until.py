"""No grant outlives the day that it was given until."""

from collections.abc import Iterator
from datetime import date, timedelta

from review.guardrails.subject import Subject, Violation

AHEAD = timedelta(days=14)
"""How long before its last day a grant is warned of."""


def violations(subject: Subject) -> Iterator[Violation]:
    """Each grant whose last day has passed, or is near."""
    for grant in subject.declared.grants:
        if grant.until is None:
            continue
        what = f"{grant.identity} may {grant.level} {grant.database} until {grant.until}"
        if said := passed(grant.until, subject.today):
            message, level = said
            yield Violation(message=f"{what}, {message}", grant=grant, level=level)


def passed(until: date, today: date) -> tuple[str, str] | None:
    """That the last day has passed or is near, in words, with the level; else None."""
    left = until - today
    if left < timedelta():
        return "which has passed", "error"
    if left <= AHEAD:
        return (f"{left.days} days from now" if left else "today"), "warning"
    return None
