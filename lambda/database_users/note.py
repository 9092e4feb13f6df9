"""What a run writes on the server for those that come after it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self, cast

from database_users.desired import Database
from database_users.rollback import Revocations

_HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Handover:
    """What is to be, once no connection names the users that retire.

    `mark` tells one handover from another, and stays when it is over; `databases` are None then.
    """

    mark: str = "none"
    databases: tuple[Database, ...] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Whom deploys revoked lately, and what the last step of one is to bring about."""

    revocations: Revocations = field(default_factory=Revocations)
    handover: Handover = field(default_factory=Handover)

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` tells; nothing, if it is none of ours."""
        try:
            known: dict[str, Any] = json.loads(text)
            handover = _handover(known.pop(_HANDOVER, None))
            entries = {key: (int(at), frozenset(users)) for key, (at, users) in known.items()}
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            return cls()
        return cls(Revocations(entries), handover)

    def __str__(self) -> str:
        noted: dict[str, Any] = {
            key: (at, sorted(users)) for key, (at, users) in self.revocations.entries.items()
        }
        if self.handover != Handover():
            noted[_HANDOVER] = asdict(self.handover)
        return json.dumps(noted) if noted else ""

    def handed_over(self) -> Self:
        """It, once nobody retires any more."""
        return replace(self, handover=Handover(self.handover.mark))


def _handover(known: Any) -> Handover:
    if known is None:
        return Handover()
    databases = known["databases"]
    return Handover(
        str(known["mark"]), None if databases is None else tuple(map(_database, databases))
    )


def _database(fields: Mapping[str, Any]) -> Database:
    values: dict[str, Any] = {
        key: tuple(cast("list[str]", value)) if isinstance(value, list) else value
        for key, value in fields.items()
    }
    return Database(**values)
