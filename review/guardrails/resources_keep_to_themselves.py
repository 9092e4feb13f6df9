"""No bucket, secret, key, function or queue lets in who is not of its account."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.guardrails.trust_has_a_condition import narrowing_keys, of_an_account
from review.iam.matching import equals
from review.iam.policy import Statement
from review.iam.principals import named_principals
from review.iam.truth import YES

# An organisation has accounts besides.
_OF_AN_ORGANISATION = {
    f"aws:{who}{what}" for who in ("principal", "source") for what in ("orgid", "orgpaths")
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each statement of a resource's policy that lets in somebody else."""
    for one in subject.access.resource_policies:
        account = one.holder.stack.environment["account"]
        for statement in one.policy.statements:
            for who in _strangers(statement, account):
                yield Violation(
                    message=f"statement {statement.name} of the policy lets in {who}",
                    resource=one.holder,
                )


def _strangers(statement: Statement, account: str) -> Iterator[str]:
    if not statement.readable:
        yield "whom the templates do not say"
        return
    if not statement.allows:
        return
    if statement.not_principal is not None:
        yield f"everybody but {statement.not_principal}"
    narrowed = narrowing_keys(statement, account) - _OF_AN_ORGANISATION
    for kind, name in named_principals(statement.principal):
        if kind == "AWS" and name == "*" and not of_an_account(narrowed):
            yield "everybody"
        elif kind not in ("AWS", "Service"):
            yield f"{kind} {name}"
        elif kind == "AWS" and name != "*" and not _of(name, account):
            yield name
        elif kind == "Service" and not narrowed:
            yield f"{name} for any account"


def _of(name: str, account: str) -> bool:
    owner = name.split(":")[4] if name.startswith("arn:") and name.count(":") > 4 else name
    return equals(owner, account) is YES
