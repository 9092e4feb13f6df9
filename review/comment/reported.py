"""What the reviews of a pull request report, read as data that a stranger may have written.

Whoever opens a pull request changes the program that reviews it, and so these files.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

LARGEST = 5_000_000
"""Bytes of a file; more is no review of ours."""

_Line = Annotated[str, Field(max_length=20_000)]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class ReportError(ValueError):
    """A file that is no report of a review; the message says which and why."""


class _Change(BaseModel):
    direction: Literal["wider", "moved", "narrower"]
    sentence: _Line


class _Difference(BaseModel):
    environment: str = Field(pattern=f"^{_NAME.pattern}$")
    changes: list[_Change]


_RESOURCES = TypeAdapter(dict[str, list[_Line]])


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What one environment's review reports."""

    environment: str
    access: list[tuple[str, str]]
    """Direction and sentence of each change of access."""
    resources: Mapping[str, list[str]]
    """A line for each resource that changes, by stack."""

    def widens(self) -> bool:
        """Whether somebody gains access, or it moves."""
        return any(direction != "narrower" for direction, _ in self.access)


def reported(folder: Path) -> Reported:
    """Read ``difference.json`` and ``changes.json``.

    Raises:
        ReportError: one of them is missing, or is something else.
    """
    try:
        difference = _Difference.model_validate_json(_text(folder / "difference.json"))
        resources = _RESOURCES.validate_json(_text(folder / "changes.json"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ReportError(f"{folder}: is no report of a review: {where}: {first['msg']}") from None
    return Reported(
        environment=difference.environment,
        access=[(one.direction, one.sentence) for one in difference.changes],
        resources=resources,
    )


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            raise ReportError(f"{file}: is larger than a review can be")
        text = file.read_text(encoding="utf-8")
        json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ReportError(f"{file}: cannot be read: {error}") from None
    return text
