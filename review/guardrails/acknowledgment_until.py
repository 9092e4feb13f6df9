"""No acknowledgment outlives the day that it was given until."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.guardrails.until import passed


def violations(subject: Subject) -> Iterator[Violation]:
    """Each acknowledgment whose last day has passed, or is near."""
    resources = {one.path: one for one in subject.access.assembly.resources}
    for one in subject.acknowledged:
        if one.until is None:
            continue
        whose = f" ({one.owner})" if one.owner else ""
        what = f"{one.finding} on {one.path} is acknowledged until {one.until}{whose}"
        if said := passed(one.until, subject.today):
            message, level = said
            path = next((path for path in resources if one.covers(path)), "")
            yield Violation(message=f"{what}, {message}", resource=resources.get(path), level=level)
