"""A role that may log in is trusted to what runs with it, and to nobody else."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.iam.policy import Statement
from review.iam.principals import named_principals

SERVICES = {
    "AWS::Lambda::Function": ("lambda.amazonaws.com",),
    "AWS::MWAA::Environment": ("airflow.amazonaws.com", "airflow-env.amazonaws.com"),
}
ASSUMING = "sts:AssumeRole"


def violations(subject: Subject) -> Iterator[Violation]:
    """Each trust of such a role that nothing here uses; of declared roles it says nothing."""
    for identity in subject.connecting:
        if identity.arn in subject.declared.role_arns.values():
            continue
        running = subject.labels.runs_with(identity)
        used = {service for one in running for service in SERVICES[one.type]}
        for policy in identity.trust:
            for statement in policy.statements:
                for wrong in _wrong(statement, used):
                    yield Violation(
                        message=f"{subject.labels.name(identity)} may log in, and {wrong}, in "
                        f"statement {statement.name} of its trust",
                        resource=identity.resource,
                    )


def _wrong(statement: Statement, used: set[str]) -> Iterator[str]:
    if not statement.allows or not statement.readable:
        return
    for kind, name in named_principals(statement.principal):
        if (kind, name) not in {("Service", service) for service in used}:
            yield f"is trusted to {kind} {name}, with which nothing here runs"
    others = [one for one in statement.actions or ("*",) if one != ASSUMING]
    if others:
        yield f"is trusted for {', '.join(others)}"
