"""Airflow's page is reached from no further than is declared."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation

# "Apache Airflow access modes" of Amazon MWAA's guide; the first where none is said.
_REACHED = {
    "PRIVATE_ONLY": frozenset({"private"}),
    "PUBLIC_ONLY": frozenset({"public"}),
    "PUBLIC_AND_PRIVATE": frozenset({"private", "public"}),
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each environment whose page is open further, or nobody knows how far."""
    for one in subject.access.assembly.of_type("AWS::MWAA::Environment"):
        mode = str(one.properties.get("WebserverAccessMode", "PRIVATE_ONLY"))
        airflow = subject.declared.airflows.get(subject.labels.runs_as(one))
        declared = airflow.page if airflow else frozenset[str]()
        if not _REACHED.get(mode, {mode}) <= declared:
            yield Violation(
                message=f"the page of {one.place} is {mode}, and is declared "
                f"{' and '.join(sorted(declared)) or 'by nobody'}",
                resource=one,
            )
