"""What only the inside of a server can tell of a user: the answer of the doctor's function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Room:
    """Sessions that somebody or something has, and how many it may have; None if without limit."""

    sessions: int
    limit: int | None

    def __str__(self) -> str:
        return f"{self.sessions} of {'any number' if self.limit is None else self.limit}"


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What the server has of a login.

    Attributes:
        groups: of the user, whom the server has if this is not None.
        user: its sessions.
        database: the database's sessions; None if the server has no such database.
        left: connections that the server has left.
    """

    groups: tuple[str, ...] | None
    user: Room | None
    database: Room | None
    left: int

    @property
    def shown_groups(self) -> str:
        """The groups, in words."""
        return ", ".join(self.groups or ()) or "no group"

    @property
    def capacity(self) -> str:
        """The sessions, in words."""
        return (
            f"the server has {self.left} connections left, the user {self.user} sessions and the"
            f" database {self.database}"
        )


def output_name(instance: str) -> str:
    """The output of the access stack that names an instance's function."""
    return f"Doctor{''.join(filter(str.isalnum, instance))}"


def parse(answer: Mapping[str, Any]) -> Inside:
    """The function's answer. KeyError if it is none of its."""
    user, database = answer["User"], answer["Database"]
    return Inside(
        groups=tuple(user["Groups"]) if user else None,
        user=_room(user),
        database=_room(database),
        left=answer["Left"],
    )


def _room(found: Mapping[str, Any] | None) -> Room | None:
    return Room(sessions=found["Sessions"], limit=found["Limit"]) if found else None
