"""What only the inside of a server can tell of a user: the answer of the doctor's function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as the server has it; ``limit`` is None where there is none."""

    login: bool
    limit: int | None
    sessions: int
    groups: tuple[str, ...]

    @property
    def shown_groups(self) -> str:
        """Its groups, in words."""
        return ", ".join(self.groups) or "no group"


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What the server has of a login.

    Attributes:
        user: None if the server has none of the name.
        left: connections that the server has left.
        waiting: sessions of the user's that wait for a lock, each with who holds it.
    """

    user: User | None
    left: int
    waiting: tuple[str, ...]

    @property
    def capacity(self) -> str:
        """The connections that are left and taken, in words."""
        if self.user is None:
            return f"the server has {self.left} connections left"
        most = "no limit" if self.user.limit is None else f"a limit of {self.user.limit}"
        return (
            f"the server has {self.left} connections left, and the user {self.user.sessions}"
            f" sessions and {most}"
        )


def doctor_function(instance: str) -> str:
    """The name of the function that looks inside, which has 64 characters at most."""
    return f"{instance[:57]}-doctor"


def parse(answer: Mapping[str, Any]) -> Inside:
    """The function's answer. KeyError if it is none of its."""
    user = answer["User"]
    return Inside(
        user=user
        and User(
            login=user["Login"],
            limit=user["Limit"],
            sessions=user["Sessions"],
            groups=tuple(user["Groups"]),
        ),
        left=answer["Left"],
        waiting=tuple(answer["Waiting"]),
    )
