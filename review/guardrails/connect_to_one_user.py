"""A statement on rds-db:connect names the users, outright and without a condition."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.iam.arn import arn_parts
from review.iam.policy import Statement
from review.matrix.connecting import CONNECT, speaking_of


def violations(subject: Subject) -> Iterator[Violation]:
    """Each statement that lets somebody log in as more than those whom it names."""
    for identity in subject.connecting:
        for statement in speaking_of(identity.policies, CONNECT):
            wrong = list(_wrong(statement)) if statement.allows and statement.readable else []
            if wrong:
                source = statement.source
                yield Violation(
                    message=f"{subject.labels.name(identity)} may log in by statement "
                    f"{statement.name}: {'; '.join(wrong)}",
                    resource=subject.resource(source.stack, source.logical_id),
                )


def _wrong(statement: Statement) -> Iterator[str]:
    if statement.not_actions is not None:
        yield f"its NotAction {list(statement.not_actions)} leaves out {CONNECT}"
    for action in statement.actions or ():
        if "*" in action or "?" in action:
            yield f"its Action {action} holds a wildcard"
    if statement.not_resources is not None:
        yield f"its NotResource {list(statement.not_resources)} means every other user"
    for arn in statement.resources or ():
        if not _names_one_user(arn):
            yield f"its Resource {arn} does not name one user of one server"
    # Service Authorization Reference, "Amazon RDS IAM Authentication": the action has no condition
    # key of its own, so that a condition seems to narrow what it may not.
    if statement.conditions:
        yield f"its Condition {sorted(statement.conditions)} cannot be relied on"


def _names_one_user(arn: str) -> bool:
    parts = arn_parts(arn)
    return (
        len(parts) == 6
        and parts[2] == "rds-db"
        and parts[5].startswith("dbuser:")
        and not any(wild in arn for wild in ("*", "${"))
        and "?" not in arn.replace("⟨?", "")
        and "/" in parts[5]
    )
