"""What a step of a diagnosis found."""

from dataclasses import dataclass
from enum import StrEnum

from rds_login.cause_table import CAUSES, Cause


class State(StrEnum):
    """How a step ended."""

    FINE = "fine"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A step's end, what was seen, and its cause if it failed. It holds no token."""

    state: State
    seen: str
    cause: Cause | None = None

    @property
    def key(self) -> str | None:
        """That of its cause."""
        return self.cause and self.cause.key


def fine(seen: str) -> Answer:
    """Nothing is wrong here."""
    return Answer(state=State.FINE, seen=seen)


def unknown(seen: str) -> Answer:
    """It cannot be told, and ``seen`` says why."""
    return Answer(state=State.UNKNOWN, seen=seen)


def failed(key: str, seen: str) -> Answer:
    """The cause of `CAUSES` that has this key."""
    return Answer(state=State.FAILED, seen=seen, cause=CAUSES[key])


NOT_REACHED = Answer(state=State.NOT_REACHED, seen="the step before explains it")
