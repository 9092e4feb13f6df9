"""Whom the templates give permissions: their roles and users, and existing ones by name."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from review.iam.aws_managed import aws_managed
from review.iam.matching import token
from review.iam.policy import Policy, Source, perhaps, policy, unreadable
from review.iam.principals import Principal
from review.templates.assembly import Assembly, Resource

PROVIDER = "provider"
"""The kind of an identity provider, whose tokens a role is given for."""
_LISTS = {"Roles": "role", "Users": "user", "Groups": "group"}
# Resources that are one inline policy of one identity, whose name this property gives.
_INLINE = {
    "AWS::IAM::RolePolicy": ("role", "RoleName"),
    "AWS::IAM::UserPolicy": ("user", "UserName"),
    "AWS::IAM::GroupPolicy": ("group", "GroupName"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Identity:
    """A role or user with what the templates give it.

    A policy that is attached to nobody is one too, of kind ``policy``: of whoever it is attached to
    by hand; so is a permission set of IAM Identity Center, and a group, for who is added by hand.
    """

    kind: str
    name: str
    arn: str
    account: str
    resource: Resource | None
    """None if it is made elsewhere, so that it may hold other policies."""
    policies: tuple[Policy, ...]
    ceilings: tuple[tuple[Policy, ...], ...] = ()
    trust: tuple[Policy, ...] = ()

    @property
    def principal(self) -> Principal:
        """Who asks, when it does."""
        if self.kind == PROVIDER:
            return Principal(federated=self.arn, account=self.account)
        return Principal(arn=self.arn, account=self.account)


def identities(assembly: Assembly, arns: Mapping[str, str] | None = None) -> tuple[Identity, ...]:
    """Everybody to whom the templates give a permission.

    Args:
        assembly: the stacks.
        arns: of existing roles by their names, where they are known from elsewhere.
    """
    return tuple(_Reader(assembly, arns or {}).identities())


class _Reader:
    def __init__(self, assembly: Assembly, arns: Mapping[str, str]) -> None:
        self._assembly = assembly
        self._arns = arns
        self._managed = {
            one.attribute(None): one for one in assembly.of_type("AWS::IAM::ManagedPolicy")
        }
        self._attached: dict[tuple[str, str], list[Policy]] = defaultdict(list)
        self._held: set[str] = set()
        for one in assembly.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for listed, kind in _LISTS.items():
                for name in _texts(one.properties.get(listed)):
                    self._attach(kind, name, one)
        for one in assembly.of_type(*_INLINE):
            kind, naming = _INLINE[one.type]
            self._attach(kind, str(one.properties.get(naming)), one)

    def identities(self) -> Iterator[Identity]:
        groups = {
            one.attribute(None): (*self._of(one), *self._attached[("group", one.attribute(None))])
            for one in self._assembly.of_type("AWS::IAM::Group")
        }
        made: set[tuple[str, str]] = set()
        for one in self._assembly.of_type("AWS::IAM::Role", "AWS::IAM::User"):
            kind, name = one.type.rpartition("::")[2].lower(), one.attribute(None)
            made.add((kind, name))
            joined = [*_texts(one.properties.get("Groups")), *self._joined(name)]
            yield self._identity(
                one,
                kind=kind,
                arn=one.attribute("Arn"),
                policies=(
                    *self._attached[(kind, name)],
                    *(each for group in joined for each in groups.get(group, ())),
                ),
            )
        for (kind, name), policies in self._attached.items():
            if (kind, name) in made or (kind == "group" and name in groups) or not policies:
                continue
            yield self._existing(kind, name, tuple(policies))
        for one in self._assembly.of_type("AWS::IAM::Group"):
            policies = self._attached[("group", one.attribute(None))]
            yield self._identity(one, kind="group", arn=_somebody(one), policies=(*policies,))
        for one in self._assembly.of_type("AWS::SSO::PermissionSet"):
            yield self._identity(one, kind="permission set", arn=_somebody(one), policies=())
        for one in self._managed.values():
            if one.place not in self._held:
                yield self._identity(one, kind="policy", arn=_somebody(one), policies=())

    def _identity(
        self, one: Resource, *, kind: str, arn: str, policies: tuple[Policy, ...]
    ) -> Identity:
        boundary = one.properties.get("PermissionsBoundary")
        ceilings = ((self._policy(str(boundary), _source(one, "PermissionsBoundary")),),)
        trust = one.properties.get("AssumeRolePolicyDocument")
        return Identity(
            kind=kind,
            name=one.attribute(None) if kind in ("role", "user") else one.logical_id,
            arn=arn,
            account=one.stack.environment["account"],
            resource=one,
            policies=(*self._of(one), *policies),
            ceilings=ceilings if boundary else (),
            trust=(policy(trust, _source(one, "AssumeRolePolicyDocument")),) if trust else (),
        )

    def _existing(self, kind: str, name: str, policies: tuple[Policy, ...]) -> Identity:
        environment = self._assembly.stacks[0].environment
        # A path may stand before the name, and a slash does.
        path = token(f"path of {name}", kind="?") if "⟨" not in name else "/"
        arn = f"arn:{environment['partition']}:iam::{environment['account']}:{kind}{path}{name}"
        return Identity(
            kind=kind,
            name=name,
            arn=self._arns.get(name, arn),
            account=environment["account"],
            resource=None,
            policies=policies,
        )

    def _attach(self, kind: str, name: str, one: Resource) -> None:
        self._held.add(one.place)
        document = _document(one)
        self._attached[(kind, name)].append(document)

    def _of(self, one: Resource) -> Iterator[Policy]:
        """The policies that the resource itself holds or names."""
        for number, inline in enumerate(_dicts(one.properties.get("Policies")), 1):
            element = f"Policies[{inline.get('PolicyName', number)}]"
            yield policy(inline.get("PolicyDocument"), _source(one, element))
        if one.type == "AWS::IAM::ManagedPolicy":
            yield _document(one)
        if inline := one.properties.get("InlinePolicy"):
            yield policy(_parsed(inline), _source(one, "InlinePolicy"))
        for listed in ("ManagedPolicyArns", "ManagedPolicies"):
            for arn in _texts(one.properties.get(listed)):
                yield self._policy(arn, _source(one, arn))
        for reference in _dicts(one.properties.get("CustomerManagedPolicyReferences")):
            named = [
                other
                for other in self._managed.values()
                if other.properties.get("ManagedPolicyName") == reference.get("Name")
            ]
            if not named:
                yield unreadable(_source(one, f"policy {reference.get('Name')}"))
            for other in named:
                self._held.add(other.place)
                yield _document(other)

    def _policy(self, arn: str, source: Source) -> Policy:
        if own := self._managed.get(arn):
            self._held.add(own.place)
            return _document(own)
        return aws_managed(arn, source)

    def _joined(self, user: str) -> Iterator[str]:
        for one in self._assembly.of_type("AWS::IAM::UserToGroupAddition"):
            if user in _texts(one.properties.get("Users")):
                yield str(one.properties.get("GroupName"))


def _somebody(one: Resource) -> str:
    return token(f"whoever has {one.place}", kind="?")


def _document(one: Resource) -> Policy:
    """The policy that the resource is."""
    found = policy(one.properties.get("PolicyDocument"), _source(one))
    return perhaps(found) if one.conditional else found


def _source(one: Resource, element: str = "") -> Source:
    return Source(stack=one.stack.name, logical_id=one.logical_id, element=element)


def _parsed(document: Any) -> Any:
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except ValueError:
        return None


def _texts(value: Any) -> list[str]:
    """A list of names; what is no text, such as an undecided ``Fn::If``, is one of its own."""
    listed = cast("list[Any]", value) if isinstance(value, list) else [value] if value else []
    return [one if isinstance(one, str) else token(json.dumps(one), kind="?") for one in listed]


def _dicts(value: Any) -> list[dict[str, Any]]:
    """A list of mappings; what is none is an empty one, of which nothing is known."""
    listed = cast("list[Any]", value) if isinstance(value, list) else [value] if value else []
    return [cast("dict[str, Any]", one) if isinstance(one, dict) else {} for one in listed]
