"""What the function of each server says of it, compared with the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError


class CheckError(Exception):
    """A server's function cannot be asked, or what it said cannot be read; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one function found."""

    statements: int
    """How many it would run to make the server what the templates have."""
    unread: int = 0
    """How many databases it could not look into."""
    lines: Sequence[str] = ()
    """The first of its plan: whose access comes and goes, and the statements."""

    @property
    def differs(self) -> str:
        """How the server is not as the templates have it, in words; empty if it is."""
        if self.statements:
            s = "" if self.statements == 1 else "s"
            return f"differs: {self.statements} statement{s} outstanding"
        return f"not known: {self.unread} databases could not be read" if self.unread else ""


_KEPT = TypeAdapter(dict[str, Check])


def as_json(checks: Mapping[str, Check]) -> str:
    """The file of them, by server."""
    return _KEPT.dump_json(dict(checks), indent=1).decode() + "\n"


def read(file: Path) -> dict[str, Check]:
    """What `as_json` wrote to a file.

    Raises:
        CheckError: it is not there, or something else.
    """
    try:
        return _KEPT.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise CheckError(f"{file}: is not what the checks of the servers said: {error}") from None
