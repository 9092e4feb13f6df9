"""What is compared, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """What a change does to access."""

    WIDER = "wider"
    MOVED = "moved"
    """The same access, to or by something else: somebody has to look as well."""
    NARROWER = "narrower"


SIGNS = {Direction.WIDER: "+", Direction.MOVED: "~", Direction.NARROWER: "-"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, in a sentence."""

    direction: Direction
    about: str
    """``access``, ``terms``, ``trust``, ``network``, ``guardrails``, or ``who else could``."""
    sentence: str

    def __str__(self) -> str:
        return f"{SIGNS[self.direction]} {self.sentence}"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Every change, those that widen access first."""

    changes: Sequence[Change]
    environment: str = ""

    @property
    def counts(self) -> dict[Direction, int]:
        """How many changes there are of each direction."""
        return {each: sum(one.direction is each for one in self.changes) for each in Direction}

    @property
    def widens(self) -> bool:
        """Whether somebody has to approve."""
        return any(one.direction is not Direction.NARROWER for one in self.changes)
