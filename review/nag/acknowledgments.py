"""Findings that somebody has acknowledged, with a reason."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

_TERMS = re.compile(r" \((?:owner: (?P<owner>[^;)]+))?(?:; )?(?:until: (?P<until>[\d-]+))?\)$")


@dataclass(frozen=True, kw_only=True)
class Acknowledgment:
    """One finding on one construct and what is below it."""

    path: str
    """The construct's."""
    finding: str
    """Such as ``AwsSolutions-IAM5[Resource::*]``."""
    reason: str
    owner: str = ""
    until: date | None = None
    """The last day on which it holds."""

    @property
    def terms(self) -> str:
        """The reason with owner and end, as people read it."""
        until = f"until {self.until}" if self.until else ""
        of = ", ".join(filter(None, (self.owner, until)))
        return f"{self.reason} ({of})" if of else self.reason

    def covers(self, path: str) -> bool:
        """Whether the construct at ``path`` is the one acknowledged, or within it."""
        return f"{path}/".startswith(f"{self.path}/")


class Covering:
    """Acknowledgments by what they cover: there may be as many as findings."""

    def __init__(self, acknowledgments: Iterable[Acknowledgment]) -> None:
        self._known: dict[tuple[str, str], tuple[int, Acknowledgment]] = {}
        for place, one in enumerate(acknowledgments):
            self._known.setdefault((one.finding, one.path), (place, one))

    def first(self, finding: str, path: str) -> Acknowledgment | None:
        """The first of a ``finding`` on the construct at ``path``, or on one that it is within."""
        parts = path.split("/")
        around = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        found = [self._known[key] for one in around if (key := (finding, one)) in self._known]
        return min(found, key=lambda one: one[0])[1] if found else None


def acknowledgments(assembly: Path) -> tuple[Acknowledgment, ...]:
    """Every acknowledgment in the metadata of an assembly, those of nested ones included."""
    return tuple(_acknowledgments(assembly))


def _acknowledgments(assembly: Path) -> Iterator[Acknowledgment]:
    for file in sorted(assembly.rglob("*.metadata.json")):
        for path, entries in json.loads(file.read_text()).items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    for finding, reason in entry["data"].items():
                        yield replace(_acknowledgment(finding, reason), path=path.removeprefix("/"))


# The same is said of each of many resources.
@lru_cache(maxsize=1 << 12)
def _acknowledgment(finding: str, reason: str) -> Acknowledgment:
    # What stands before the first "::" outside brackets names the plugin.
    plain = re.sub(r"^[^\[]*?::", "", finding)
    terms = _TERMS.search(reason)
    until = terms["until"] if terms else None
    return Acknowledgment(
        path="",
        finding=plain,
        reason=reason[: terms.start()] if terms else reason,
        owner=(terms["owner"] or "") if terms else "",
        until=date.fromisoformat(until) if until else None,
    )
