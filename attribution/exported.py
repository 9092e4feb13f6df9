"""Exported files: what the log of a server and CloudTrail are saved as."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast


class ExportError(ValueError):
    """A file that is not what it should be an export of."""


def log_entries(file: Path) -> list[str]:
    """The entries of a server's log, each of one line or more.

    Args:
        file: the log itself, or what `aws logs filter-log-events` gives of its group.

    Raises:
        ExportError: it is neither.
    """
    text = _text(file)
    if not text.lstrip().startswith("{"):
        # The lines of an entry after its first begin with a tab.
        return re.split(r"\n(?!\t)", text.strip())
    return [*_messages(file, _json(file, text))]


def trail_records(file: Path) -> list[Mapping[str, Any]]:
    """CloudTrail's records.

    Args:
        file: a file that a trail delivered to its bucket, or what `aws cloudtrail lookup-events` or
            `aws logs filter-log-events` (of the trail's group) gives.

    Raises:
        ExportError: it is none of these.
    """
    content = _json(file, _text(file))
    if "Records" in content:
        return content["Records"]
    if "Events" in content:
        return [_json(file, event["CloudTrailEvent"]) for event in content["Events"]]
    return [_json(file, message) for message in _messages(file, content)]


def _messages(file: Path, content: Mapping[str, Any]) -> Iterator[str]:
    events: object = content.get("events")
    if not isinstance(events, Sequence):
        raise ExportError(
            f"{file}: is no export that is known: it has the keys {', '.join(content) or 'none'}, "
            "and none of Records, Events, events"
        )
    for event in cast("Sequence[Mapping[str, str]]", events):
        yield event["message"]


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        return content.decode(errors="backslashreplace")
    except (OSError, EOFError) as error:
        raise ExportError(f"{file}: {error}") from error


def _json(file: Path, text: str) -> Mapping[str, Any]:
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise ExportError(f"{file}: is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ExportError(f"{file}: is JSON, but no object")
    return cast("Mapping[str, Any]", found)
