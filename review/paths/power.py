"""Ways to let somebody log in who holds nothing yet."""

from collections.abc import Iterator, Sequence

from review.paths.model import Need, Way
from review.paths.needs import any_of_its_choice, assuming, way
from review.paths.roles import CHANGING_A_POLICY, EMPOWERING_A_USER
from review.templates.access import Access
from review.templates.identities import Identity

# By any of these, who has a role or user gives it what it likes; AWS's own policies are there.
EMPOWERING = {
    "role": ("iam:AttachRolePolicy", "iam:PutRolePolicy"),
    "user": EMPOWERING_A_USER,
}
# Of what group and whose, is not known here.
EMPOWERING_A_GROUP = ("iam:AttachGroupPolicy", "iam:PutGroupPolicy")
MAKING = (
    ("iam:CreateRole", "iam:PutRolePolicy", "sts:AssumeRole"),
    ("iam:CreateRole", "iam:AttachRolePolicy", "sts:AssumeRole"),
    ("iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"),
    ("iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"),
    # IAM Identity Center makes the role in the account.
    ("sso:CreateAccountAssignment",),
    ("sso:PutInlinePolicyToPermissionSet", "sso:ProvisionPermissionSet"),
    ("sso:AttachManagedPolicyToPermissionSet", "sso:ProvisionPermissionSet"),
)


def by_anybody(access: Access, everything: Sequence[str]) -> Iterator[Way]:
    """What lets somebody log in who holds nothing yet."""
    for one in access.identities:
        if one.kind == "role" and one.trust:
            for action in EMPOWERING["role"]:
                yield Way(
                    how=f"assume the role {one.name}, and give it a permission to log in",
                    needs=[assuming(one), Need(action=action, resource=one.arn)],
                    reaches=everything,
                )
    for action in EMPOWERING_A_GROUP:
        need = (action, any_of_its_choice(action))
        yield way("give a group of users a permission to log in", everything, need)
    for actions in MAKING:
        yield way(
            "make a role or user that may log in",
            everything,
            *((one, any_of_its_choice(one)) for one in actions),
        )


def by_itself(identity: Identity, access: Access) -> Iterator[Way]:
    """The ways that the identity alone may go: to give itself what it lacks."""
    everything = [f"everything on {one.name}" for one in access.servers]
    for action in EMPOWERING.get(identity.kind, ()):
        yield way("give itself a permission to log in", everything, (action, identity.arn))
    held = {(one.source.stack, one.source.logical_id) for one in identity.policies}
    for one in access.assembly.of_type("AWS::IAM::ManagedPolicy"):
        if (one.stack.name, one.logical_id) in held:
            for action in CHANGING_A_POLICY:
                yield way("change a policy of its own", everything, (action, one.attribute(None)))
