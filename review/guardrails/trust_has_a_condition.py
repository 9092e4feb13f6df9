"""A role is trusted to nobody from outside without a condition."""

import re
from collections.abc import Iterator
from typing import Any, cast

from review.guardrails.subject import Subject, Violation
from review.iam.arn import arn_parts
from review.iam.matching import equals
from review.iam.policy import Statement
from review.iam.principals import named_principals
from review.iam.truth import YES
from review.templates.identities import Identity

# Services that act for whoever asks them, and say for whom: "The confused deputy problem" of the
# IAM user guide. Lambda assumes a role only for a function that its account has given it to.
DEPUTIES = ("airflow.amazonaws.com", "airflow-env.amazonaws.com", "scheduler.amazonaws.com")
# What says for whom the service asks.
_WILD = re.compile(r"[*]|(?<!⟨)[?]|[$][{]")
FOR_WHOM = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}
# What says who asks, or from where; how and when one asks, such as by TLS, everybody can choose.
_WHO = re.compile(
    r"aws:(principal(account|arn|orgid|orgpaths|tag/.+)|source(account|arn|orgid|orgpaths|ip|vpc"
    r"|vpce)|vpcsourceip|userid|username)|kms:(calleraccount|encryptioncontext:aws:.+arn)"
    r"|s3:dataaccesspointaccount|sts:externalid|[^:]+:(aud|sub)"
)
# What says of which account somebody is: tags, names and networks are everybody's, of any account,
# who knows them, and so is what is said at a request, such as an encryption context.
_WHOSE = re.compile(
    r"aws:(principal(account|arn|orgid|orgpaths)|source(account|arn|orgid|orgpaths)|userid)"
    r"|kms:calleraccount|s3:dataaccesspointaccount"
)


def violations(subject: Subject) -> Iterator[Violation]:
    """Each trust without the condition that it needs."""
    for identity in subject.access.identities:
        for policy in identity.trust:
            for statement in policy.statements:
                for whom in _trusted(statement, identity):
                    yield Violation(
                        message=f"{subject.labels.name(identity)} is trusted to {whom}, in "
                        f"statement {statement.name}",
                        resource=identity.resource,
                    )


def narrowing_keys(statement: Statement, account: str) -> frozenset[str]:
    """The keys of conditions, in lower case, that let in fewer: those that must have a value.

    A condition that holds where the key is absent, or for every value but some, is none of them;
    nor is one of how or when somebody asks, or one whose value may be anything, or anything of
    another account than ``account``.
    """
    return frozenset(
        key.lower()
        for operator, keys in statement.conditions.items()
        for key, value in keys.items()
        if _WHO.fullmatch(key.lower())
        and not any(
            word in operator.lower() for word in ("not", "ifexists", "forallvalues", "null")
        )
        and not any(_means_anybody(key.lower(), str(one), account) for one in _listed(value))
    )


def of_an_account(narrowed: frozenset[str]) -> frozenset[str]:
    """Those of `narrowing_keys` that say of which account somebody is."""
    return frozenset(one for one in narrowed if _WHOSE.fullmatch(one))


def _means_anybody(key: str, value: str, account: str) -> bool:
    """Whether a value narrows nothing, or lets in another account's."""
    if key.endswith(("account", "arn")):
        parts = arn_parts(value)
        owner = parts[4] if len(parts) == 6 else value
        # An ARN without an account, such as a bucket's, is one's own if it is made here.
        return (equals(owner, account) is not YES) if owner else "⟨" not in parts[5]
    if key.endswith(":sub"):
        # repo:OWNER/NAME:environment:..., as of GitHub; project_path:GROUP/NAME:..., as of GitLab.
        value = ":".join(value.split(":")[:2])
    return _WILD.search(value) is not None


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _trusted(statement: Statement, identity: Identity) -> Iterator[str]:
    if not statement.readable:
        yield "whom the templates do not say"
        return
    if not statement.allows:
        return
    if statement.not_principal is not None:
        yield f"everybody but {statement.not_principal}"
    narrowed = narrowing_keys(statement, identity.account)
    for kind, name in named_principals(statement.principal):
        if name == "*" and not of_an_account(narrowed):
            yield "everybody, without a condition"
        elif kind == "Service" and name in DEPUTIES and not narrowed & FOR_WHOM:
            yield f"{name} for any account, without a condition on aws:SourceAccount"
        elif kind == "Federated" and not any(one.endswith(":sub") for one in narrowed):
            yield f"{name}, without a condition on whom it speaks for"
        elif kind == "AWS" and name != "*" and not narrowed and not _of_account(name, identity):
            yield f"{name} of another account, without a condition"


def _of_account(name: str, identity: Identity) -> bool:
    owner = name.split(":")[4] if name.startswith("arn:") and name.count(":") > 4 else name
    return equals(owner, identity.account) is YES
