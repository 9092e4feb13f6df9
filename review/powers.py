"""What an identity may do to any resource at all, or to one."""

from review.iam.decision import Decision, Policies, Request, decide
from review.iam.matching import token
from review.matrix.connecting import context
from review.templates.identities import Identity

ANYTHING = token("any resource", kind="?")


def may(identity: Identity, action: str, resource: str = ANYTHING) -> Decision:
    """Whether the identity may do ``action``; on whatever resource a statement names, by default.

    Of any resource, the answer is at most unknown where a statement names some.
    """
    return decide(
        Request(
            principal=identity.principal,
            action=action,
            resource=resource,
            context=context(identity),
        ),
        Policies(identity=identity.policies, ceilings=identity.ceilings),
    )
