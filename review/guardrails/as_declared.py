"""Declaration, IAM and database agree on each cell of the access matrix."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation


def violations(subject: Subject) -> Iterator[Violation]:
    """Each disagreement of the matrix."""
    for row in subject.matrix.rows:
        for one in row.disagreements:
            where = row.evidence[0] if row.evidence else None
            yield Violation(
                message=f"{row.identity}: {one}",
                resource=subject.resource(where.stack, where.logical_id) if where else None,
            )
