"""The kinds of policies, and what each must and must not say.

Sources: IAM user guide, "IAM JSON policy element reference" (Version, Sid, Principal, Resource);
AWS KMS developer guide, "Key policies"; Amazon S3 user guide, "Bucket policies".
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.policies.arns import check_resources
from emulator.policies.grammar import Statement, listed, statements, values
from emulator.policies.principals import Principals

_ASSUMING = {
    "assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "setcontext",
    "setsourceidentity", "tagsession",
}  # fmt: skip
# AWS Lambda API reference, "AddPermission".
_PERMISSION = {
    "StatementId": r"[a-zA-Z0-9-_]{1,100}",
    "Action": r"lambda:[*]|lambda:[a-zA-Z]+|[*]",
    "Principal": r"[^\s]+",
    "SourceAccount": r"[0-9]{12}",
    "SourceArn": r"arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9\-]+:([a-z]{2}(-gov)?-[a-z]+-\d)?:(\d{12})?:.*",
}
_KEEPING = ("*", "kms:*", "kms:put*", "kms:putkeypolicy")


class Policies:
    """Checks of documents; each raises ValueError with AWS's message.

    Args:
        principals: of the account.
    """

    def __init__(self, principals: Principals) -> None:
        self._principals = principals

    def identity(self, document: Any) -> None:
        """Of a managed or an inline policy, or a boundary."""
        found = statements(document)
        policy = json.loads(document) if isinstance(document, str) else document
        # A policy without a version is the older language's, which knows no variables.
        if policy.get("Version") != "2012-10-17":
            raise ValueError("Policy document must be version 2012-10-17 or greater.")
        if any("Principal" in one or "NotPrincipal" in one for one in found):
            raise ValueError("Policy document should not specify a principal.")
        _check_sids(found)
        for one in found:
            check_resources(one)

    def trust(self, document: Any) -> None:
        """Of a role, which says who may assume it."""
        found = statements(document)
        _check_sids(found)
        for one in found:
            for prohibited in ("Resource", "NotResource"):
                if prohibited in one:
                    raise ValueError(f"Has prohibited field {prohibited}")
            if "NotPrincipal" in one and one["Effect"] == "Allow":
                raise ValueError("Allow with NotPrincipal is not allowed.")
            if "NotPrincipal" in one:
                raise ValueError("AssumeRole policy must not contain NotPrincipal field.")
            if not one.get("Principal"):
                raise ValueError("Missing required field Principal")
            for action in values(one, "Action"):
                vendor, _, name = action.lower().partition(":")
                if vendor != "sts" or name not in _ASSUMING:
                    raise ValueError("AssumeRole policy may only specify STS AssumeRole actions.")
            for who in self._principals.invalid(one):
                raise ValueError(f"Invalid principal in policy: {who}")

    def resource(self, document: Any) -> None:
        """Of a resource whose service has no rules of its own here."""
        self.on_itself(document)
        for one in statements(document):
            check_resources(one)

    def on_itself(self, document: Any) -> None:
        """Of a resource whose policy may leave out what it is for."""
        for one in statements(document):
            if not (one.get("Principal") or one.get("NotPrincipal")):
                raise ValueError("Missing required field Principal")
            for who in self._principals.invalid(one):
                raise ValueError(f"Invalid principal in policy: {who}")

    def bucket(self, document: Any, bucket: str) -> None:
        """Of a bucket of S3 that has that name."""
        self.resource(document)
        own = re.compile(rf"arn:aws:s3:::{re.escape(bucket)}(/.*)?")
        for one in statements(document):
            _check_vendor(one, "s3", "Policy has invalid action")
            if not all(own.fullmatch(resource) for resource in values(one, "Resource")):
                raise ValueError("Policy has invalid resource")

    def key(self, document: Any) -> None:
        """Of a key of KMS, whose policy must leave somebody who may change it."""
        found = statements(document)
        for one in found:
            if not one.get("Principal") or [*self._principals.invalid(one)]:
                raise ValueError("Policy contains a statement with one or more invalid principals.")
            check_resources(one)
            _check_vendor(one, "kms", "Policy contains a statement with invalid actions.")
        if not any(map(_keeps, found)):
            raise ValueError(
                "The new key policy will not allow you to update the key policy in the future."
            )

    def permission(self, given: Mapping[str, Any]) -> None:
        """Of a function of Lambda, whose service writes the statement of what it is given."""
        for name, pattern in _PERMISSION.items():
            if name in given and not re.fullmatch(pattern, str(given[name])):
                raise ValueError(
                    f"Value '{given[name]}' at '{name[0].lower()}{name[1:]}' failed to satisfy "
                    f"constraint: Member must satisfy regular expression pattern: {pattern}"
                )
        who = given["Principal"]
        kind = "Service" if who.endswith(".amazonaws.com") else "AWS"
        if [*self._principals.invalid({"Principal": {kind: who}})]:
            raise ValueError(
                "The provided principal was invalid. Please check the principal and try again."
            )


def _check_sids(found: Iterable[Statement]) -> None:
    sids = [one["Sid"] for one in found if one.get("Sid")]
    if not all(re.fullmatch(r"[0-9A-Za-z]*", sid) for sid in sids):
        raise ValueError(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*"
        )
    if len(sids) != len({*sids}):
        raise ValueError("Statement IDs (SID) in a single policy must be unique.")


def _check_vendor(statement: Statement, vendor: str, message: str) -> None:
    actions = listed(statement.get("Action"))
    if not all(one == "*" or one.lower().startswith(f"{vendor}:") for one in actions):
        raise ValueError(message)


def _keeps(statement: Statement) -> bool:
    """Whether it lets an identity of AWS change the key's policy."""
    who = statement["Principal"]
    actions = listed(statement.get("Action"))
    return (
        statement["Effect"] == "Allow"
        and (who == "*" or "AWS" in who)
        and any(one.lower() in _KEEPING for one in actions)
    )
