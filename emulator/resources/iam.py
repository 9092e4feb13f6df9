"""IAM's policies and roles, within IAM's quotas and attached to what exists.

Source: IAM user guide, "IAM and AWS STS quotas"; API reference, CreateRole, CreatePolicy.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_STORES = {"Roles": "_roles", "Users": "_users", "Groups": "_groups"}
_MANAGED_POLICIES = {"Users": 10, "Groups": 10}
_MANAGED_CHARACTERS = 6144
_INLINE_CHARACTERS = {"Roles": 10240, "Users": 2048, "Groups": 5120}
_TRUST_CHARACTERS = 2048
_POLICY_NAME, _DESCRIPTION = 128, 1000
_OF_AWS = "arn:aws:iam::aws:policy/"
# Of AWS's own services and of IAM Identity Center.
_PROTECTED = ("/aws-service-role/", "/aws-reserved/")


def register(emulator: Emulator) -> None:
    """Check policies and roles."""

    def entities(properties: Properties) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Kind, name and record of each that the policy is for."""
        for kind, store in _STORES.items():
            names: list[str] = properties.get(kind) or []
            for name in names:
                record = emulator.store("iam", store).get(name)
                if record is None:
                    what = _singular(kind).lower()
                    raise ValueError(f"The {what} with name {name} cannot be found. (NoSuchEntity)")
                if str(record.get("Path")).startswith(_PROTECTED):
                    raise ValueError(
                        f"Cannot perform the operation on the protected role '{name}' - this role "
                        "is only modifiable by AWS (UnmodifiableEntity)"
                    )
                yield kind, name, record

    def check_managed(new: Properties, old: Properties | None) -> None:
        _at_most(_POLICY_NAME, len(new.get("ManagedPolicyName", "")), "PolicyName")
        _at_most(_DESCRIPTION, len(new.get("Description", "")), "Description")
        _at_most(_MANAGED_CHARACTERS, _characters(new["PolicyDocument"]), "PolicySize")
        if old is None and (name := new.get("ManagedPolicyName")):
            arn = f"arn:aws:iam::{emulator.account}:policy{new.get('Path', '/')}{name}"
            if arn in emulator.store("iam", "_policies"):
                raise ValueError(f"A policy called {name} already exists. (EntityAlreadyExists)")
        for kind, name, record in entities(new):
            if name not in ((old or {}).get(kind) or []):
                _at_most(
                    _MANAGED_POLICIES.get(kind, emulator.identities.policies_per_role),
                    len(record["AttachedPolicies"]) + 1,
                    f"PoliciesPer{_singular(kind)}",
                )

    def check_inline(new: Properties, _old: Properties | None) -> None:
        for kind, _, record in entities(new):
            others = {**record["InlinePolicies"], new["PolicyName"]: new["PolicyDocument"]}
            size = sum(map(_characters, others.values()))
            _at_most(_INLINE_CHARACTERS[kind], size, f"PolicySize of {kind}")

    def missing(arn: str) -> bool:
        # Of AWS's own the emulator has but a few.
        return not arn.startswith(_OF_AWS) and arn not in emulator.store("iam", "_policies")

    def check_attached(new: Properties) -> None:
        for what, arns in (
            ("Policy", new.get("ManagedPolicyArns", [])),
            ("Scope ARN:", [new["PermissionsBoundary"]] if "PermissionsBoundary" in new else []),
        ):
            for arn in filter(missing, arns):
                raise ValueError(
                    f"{what} {arn} does not exist or is not attachable. (NoSuchEntity)"
                )

    def check_role(new: Properties, old: Properties | None) -> None:
        name = new.get("RoleName")
        if old is None and name in emulator.store("iam", "_roles"):
            raise ValueError(f"Role with name {name} already exists. (EntityAlreadyExists)")
        check_attached(new)
        _at_most(_TRUST_CHARACTERS, _characters(new["AssumeRolePolicyDocument"]), "ACLSizePerRole")
        own = sum(_characters(policy["PolicyDocument"]) for policy in new.get("Policies", []))
        _at_most(_INLINE_CHARACTERS["Roles"], own, "PolicySize of Roles")

    def bound(name: str, new: Properties) -> None:
        """Hold the boundary that the template gives, which the emulator passes over."""
        record = emulator.store("iam", "_roles")[name]
        record.pop("PermissionsBoundary", None)
        if boundary := new.get("PermissionsBoundary"):
            record["PermissionsBoundary"] = boundary

    def check_role_is_bare(name: str, properties: Properties) -> None:
        record = emulator.store("iam", "_roles").get(name)
        if record is None:
            return
        if {*record["AttachedPolicies"]} - {*properties.get("ManagedPolicyArns", [])}:
            raise ValueError(
                "Cannot delete entity, must detach all policies first. (DeleteConflict)"
            )
        own = {policy["PolicyName"] for policy in properties.get("Policies", [])}
        if {*record["InlinePolicies"]} - own:
            raise ValueError("Cannot delete entity, must delete policies first. (DeleteConflict)")

    def check_policy_is_detached(arn: str, properties: Properties) -> None:
        for kind, store in _STORES.items():
            for name, record in emulator.store("iam", store).items():
                mine = name in (properties.get(kind) or [])
                if arn in record.get("AttachedPolicies", ()) and not mine:
                    raise ValueError(
                        f"Cannot delete a policy attached to entities: {name}. (DeleteConflict)"
                    )

    emulator.stacks.check(
        "AWS::IAM::ManagedPolicy", properties=check_managed, deletion=check_policy_is_detached
    )
    emulator.stacks.check("AWS::IAM::Policy", properties=check_inline)
    emulator.stacks.check(
        "AWS::IAM::Role", properties=check_role, deletion=check_role_is_bare, made=bound
    )


def _singular(kind: str) -> str:
    return kind.removesuffix("s")


def _characters(document: Any) -> int:
    """As IAM counts them: without white space."""
    text = document if isinstance(document, str) else json.dumps(document)
    return len(re.sub(r"\s", "", text))


def _at_most(quota: int, found: int, what: str) -> None:
    if found > quota:
        raise ValueError(f"Cannot exceed quota for {what}: {quota} (LimitExceeded)")
