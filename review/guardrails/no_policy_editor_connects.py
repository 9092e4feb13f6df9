"""Nobody may both log in to a database and change what somebody may do."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.iam.decision import Answer
from review.powers import may

EDITS = (
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
)


def violations(subject: Subject) -> Iterator[Violation]:
    """Each identity with a statement that lets it do both."""
    for identity in subject.connecting:
        for action in EDITS:
            found = may(identity, action)
            if found.answer is not Answer.DENIED:
                sure = "may" if found.answer is Answer.ALLOWED else "may, as far as can be told,"
                source = found.statements[0].source
                yield Violation(
                    message=f"{subject.labels.name(identity)} may log in to a database and {sure} "
                    f"{action} by {found.statements[0]}",
                    resource=subject.resource(source.stack, source.logical_id),
                )
                break
