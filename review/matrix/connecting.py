"""What an identity may do with which of many resources, by the policies that speak of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from review.iam.context import Context
from review.iam.decision import Answer, Decision, Policies, Request, decide
from review.iam.matching import matches
from review.iam.policy import Policy, Statement
from review.iam.truth import NO, YES
from review.templates.identities import Identity

CONNECT = "rds-db:connect"


class Decisions:
    """The answers for one identity and one action.

    Most statements name resources outright. They are kept by the name, so that a question is put to
    those alone that can have a say: there are as many users as grants, and as many statements.

    Args:
        identity: who asks.
        action: what it asks to do.
        resources: the ARN of every one that is asked for, no two of which can be the same.
    """

    def __init__(self, identity: Identity, action: str, resources: frozenset[str]) -> None:
        self._identity = identity
        self._action = action
        self._naming: dict[str, list[Statement]] = defaultdict(list)
        self._others: list[Statement] = []
        for statement in speaking_of(identity.policies, action):
            named = statement.resources or ()
            if statement.readable and named and resources.issuperset(named):
                for arn in named:
                    self._naming[arn].append(statement)
            else:
                self._others.append(statement)

    @property
    def possible(self) -> bool:
        """Whether any statement speaks of the action."""
        return bool(self._naming or self._others)

    def decision(self, arn: str) -> Decision:
        """Whether the identity may do it with the resource."""
        statements = (*self._naming.get(arn, ()), *self._others)
        if not statements:
            return Decision(answer=Answer.DENIED)
        own = Policy(source=statements[0].source, statements=statements)
        request = Request(
            principal=self._identity.principal,
            action=self._action,
            resource=arn,
            context=context(self._identity),
        )
        return decide(request, Policies(identity=[own], ceilings=self._identity.ceilings))


def context(identity: Identity) -> Context:
    """What is known of any request of the identity's."""
    return Context(
        {
            "aws:PrincipalAccount": identity.account,
            "aws:PrincipalArn": identity.arn,
            # Whoever asks can choose to.
            "aws:SecureTransport": "true",
        }
    )


def speaking_of(policies: Sequence[Policy], action: str) -> Iterator[Statement]:
    """The statements that may be about the action, whatever the resource."""
    for policy in policies:
        for one in policy.statements:
            if not one.readable or _about(one.actions, one.not_actions, action):
                yield one


# Asked of the same few statements for each way that there is.
@lru_cache(maxsize=1 << 16)
def _about(
    actions: tuple[str, ...] | None, not_actions: tuple[str, ...] | None, action: str
) -> bool:
    if actions is not None:
        return any(matches(one, action, ignore_case=True) is not NO for one in actions)
    return not_actions is not None and not any(
        matches(one, action, ignore_case=True) is YES for one in not_actions
    )
