"""Airflow's page is reached from no further than is declared."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.templates.airflow_page import mode, reached_from


def violations(subject: Subject) -> Iterator[Violation]:
    """Each environment whose page is open further, or nobody knows how far."""
    for one in subject.access.assembly.of_type("AWS::MWAA::Environment"):
        airflow = subject.declared.airflows.get(subject.labels.runs_as(one))
        declared = airflow.page if airflow else frozenset[str]()
        if not reached_from(one) <= declared:
            yield Violation(
                message=f"the page of {one.place} is {mode(one)}, and is declared "
                f"{' and '.join(sorted(declared)) or 'by nobody'}",
                resource=one,
            )
