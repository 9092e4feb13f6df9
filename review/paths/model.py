"""A way to a grant, and a path: a way that somebody can go."""

from collections.abc import Sequence
from dataclasses import dataclass

from review.iam.decision import Answer, Decision
from review.iam.policy import Policy
from review.matrix.model import Evidence


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that must be allowed."""

    action: str
    resource: str
    policies: Sequence[Policy] = ()
    """Of the resource."""
    account: str = ""
    """Of the resource."""
    decides: bool = False
    """Whether the resource's policy must allow it as well (a role's trust)."""
    only_by_identity: bool = False
    """Whether the resource's policy is not known, so that the identity's is asked alone."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """A whole combination: whoever may do all of it, could."""

    how: str
    """What is done, in words."""
    needs: Sequence[Need]
    reaches: Sequence[str]
    """The identities whose grants are reached, or the server with all that it holds."""
    given: Sequence[Decision] = ()
    """What holds or not whoever asks, such as which service a role trusts."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """Somebody and a way."""

    who: str
    how: str
    reaches: Sequence[str]
    answer: Answer
    """``allowed``, or ``unknown`` where some of it cannot be decided."""
    evidence: Sequence[Evidence]
    """The statements that make it."""
