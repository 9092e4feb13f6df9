"""What keeps an identity from what its policies allow, and who may take that off.

Source: "Permissions boundaries for IAM entities" and "Policy evaluation logic" of the IAM guide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from review.iam.decision import Answer, Decision
from review.iam.policy import Policy
from review.paths.needs import any_of_its_choice
from review.paths.roles import CHANGING_A_POLICY
from review.powers import may
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity

_INLINE = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy")
_GROUP = ("AWS::IAM::Group", "AWS::IAM::GroupPolicy")
_OF_A_GROUP = ("iam:RemoveUserFromGroup", "iam:DeleteGroupPolicy", "iam:DetachGroupPolicy")


@dataclass(frozen=True, kw_only=True)
class Restraint:
    """A boundary, or a policy that denies something."""

    what: str
    policy: Policy
    taken_off_by: Sequence[tuple[str, str]]
    """Actions with their resources, of which one is enough."""


@dataclass(frozen=True, kw_only=True)
class Freed:
    """An identity without some of its restraints."""

    identity: Identity
    without: Sequence[str]
    """What was taken off."""
    given: Sequence[Decision]
    """What let it."""

    @property
    def once(self) -> str:
        """What comes first, in words."""
        return f"once it took off its {' and its '.join(dict.fromkeys(self.without))}"


def restraints(identity: Identity, access: Access) -> Iterator[Restraint]:
    """Everything that restrains a role or user of the templates or an existing one."""
    if identity.kind not in ("role", "user"):
        return
    kind, arn = identity.kind.title(), identity.arn
    for one in (each for ceiling in identity.ceilings for each in ceiling):
        yield Restraint(
            what="permissions boundary",
            policy=one,
            taken_off_by=(
                (f"iam:Delete{kind}PermissionsBoundary", arn),
                (f"iam:Put{kind}PermissionsBoundary", arn),
                *_changes(_made(one, access)),
            ),
        )
    for one in identity.policies:
        if not all(each.allows for each in one.statements if each.readable):
            yield Restraint(
                what="policy that denies",
                policy=one,
                taken_off_by=tuple(_taking_off(identity, one, _made(one, access))),
            )


def _taking_off(
    identity: Identity, policy: Policy, made: Resource | None
) -> Iterator[tuple[str, str]]:
    kind, arn = identity.kind.title(), identity.arn
    if made is not None and (made.type in _GROUP or _of_groups(made)):
        yield from ((action, any_of_its_choice(action)) for action in _OF_A_GROUP)
    elif made is not None and (
        made.type in _INLINE or policy.source.element.startswith("Policies[")
    ):
        yield f"iam:Delete{kind}Policy", arn
    else:
        yield f"iam:Detach{kind}Policy", arn
    yield from _changes(made)


def _of_groups(policy: Resource) -> bool:
    return policy.type != "AWS::IAM::User" and bool(policy.properties.get("Groups"))


def without(identity: Identity, restraint: Restraint) -> Identity:
    """The identity once the restraint is gone, with whatever else its policy said."""
    return replace(
        identity,
        policies=tuple(one for one in identity.policies if one is not restraint.policy),
        ceilings=tuple(one for one in identity.ceilings if restraint.policy not in one),
    )


def freed(identity: Identity, access: Access) -> list[Freed]:
    """What the identity makes of itself, each with one restraint less than the one before."""
    steps: list[Freed] = []
    now = Freed(identity=identity, without=(), given=())
    left = list(restraints(identity, access))
    while found := next(_next(now, left), None):
        restraint, now = found
        left.remove(restraint)
        steps.append(now)
    return steps


def _next(now: Freed, left: Sequence[Restraint]) -> Iterator[tuple[Restraint, Freed]]:
    for one in left:
        for action, resource in one.taken_off_by:
            decision = may(now.identity, action, resource)
            if decision.answer is not Answer.DENIED:
                yield (
                    one,
                    Freed(
                        identity=without(now.identity, one),
                        without=(*now.without, one.what),
                        given=(*now.given, decision),
                    ),
                )


def _changes(made: Resource | None) -> list[tuple[str, str]]:
    if made is None or made.type != "AWS::IAM::ManagedPolicy":
        return []
    return [(action, made.attribute(None)) for action in CHANGING_A_POLICY]


def _made(policy: Policy, access: Access) -> Resource | None:
    return access.assembly.resource(policy.source.stack, policy.source.logical_id)
