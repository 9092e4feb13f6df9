"""The commands of CloudWatch Logs Insights that the saved queries use, and no other.

Source: "CloudWatch Logs Insights language query syntax" of the CloudWatch Logs user guide.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]

_COMMAND = re.compile(r"(\w+)\s+(.*)", re.DOTALL)
_NAME = r"@?[A-Za-z_][A-Za-z0-9_]*"
_REGEX = r"/((?:[^/\\]|\\.)*)/"
_LIKE = re.compile(rf"({_NAME}) (not )?like {_REGEX}")
_EQUAL = re.compile(rf'({_NAME}) (=|!=) "([^"]*)"')
_PARSE = re.compile(rf"({_NAME}) {_REGEX}")
_TOKEN = re.compile(r'/(?:[^/\\]|\\.)*/|"[^"]*"| and |.', re.DOTALL)
_STAT = re.compile(rf"(count|min|max)\((\*|{_NAME})\) as ({_NAME})")


class InsightsError(ValueError):
    """What this evaluator does not know, or the language does not have."""


def run(query: str, events: Sequence[Row]) -> list[Row]:
    """The rows that a query gives of events, which have ``@timestamp`` and ``@message``.

    A field that an event has not is None.

    Raises:
        InsightsError: a command, a function or a form of one that is not known here.
    """
    rows = [dict(event) for event in events]
    shown: list[str] = []
    for part in _split(query, "|"):
        found = _COMMAND.fullmatch(part)
        if not found or found[1] not in _COMMANDS:
            raise InsightsError(f"not known: {part}")
        names = _names(found[1], found[2]) if found[1] in ("fields", "stats") else []
        # Another `fields` shows more of the same rows; `stats` makes others.
        shown = [*shown, *names] if found[1] == "fields" else names or shown
        rows = _COMMANDS[found[1]](rows, found[2])
    return [{name: row.get(name) for name in shown} for row in rows]


def _split(text: str, at: str) -> list[str]:
    """The parts between ``at``, less those within a regular expression or a text."""
    parts = [""]
    for token in _TOKEN.findall(text):
        if token.strip() == at:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def _fields(rows: list[Row], rest: str) -> list[Row]:
    _names("fields", rest)
    return rows


def _names(command: str, rest: str) -> list[str]:
    if command == "stats":
        computed, by = _stat(rest)
        return [*by, *(name for _, _, name in computed)]
    names = [name.strip() for name in rest.split(",")]
    if not all(re.fullmatch(_NAME, name) for name in names):
        raise InsightsError(f"not known in fields: {rest}")
    return names


def _parse(rows: list[Row], rest: str) -> list[Row]:
    found = _PARSE.fullmatch(rest)
    if not found:
        raise InsightsError(f"not known in parse: {rest}")
    pattern = re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", found[2]))
    for row in rows:
        match = pattern.search(str(row.get(found[1]) or ""))
        row.update(match.groupdict() if match else dict.fromkeys(pattern.groupindex))
    return rows


def _filter(rows: list[Row], rest: str) -> list[Row]:
    tests = [_test(each) for each in _split(rest, "and")]
    return [row for row in rows if all(test(row) for test in tests)]


def _test(text: str) -> Callable[[Row], bool]:
    if found := _LIKE.fullmatch(text):
        name, negated, pattern = found[1], bool(found[2]), re.compile(found[3])
        return lambda row: bool(pattern.search(str(row.get(name) or ""))) != negated
    if found := _EQUAL.fullmatch(text):
        name, wanted, value = found[1], found[2] == "=", found[3]
        return lambda row: (row.get(name) == value) == wanted
    raise InsightsError(f"not known in filter: {text}")


def _stat(rest: str) -> tuple[list[tuple[str, str, str]], list[str]]:
    computed, _, by = rest.partition(" by ")
    found = [_STAT.fullmatch(each.strip()) for each in computed.split(",")]
    if not all(found):
        raise InsightsError(f"not known in stats: {computed}")
    return [(one[1], one[2], one[3]) for one in found if one], _names("fields", by)


def _stats(rows: list[Row], rest: str) -> list[Row]:
    computed, by = _stat(rest)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in by), []).append(row)
    result: list[Row] = []
    for key, members in groups.items():
        row: Row = dict(zip(by, key, strict=True))
        for function, name, alias in computed:
            values = [one.get(name) for one in members if name == "*" or one.get(name)]
            row[alias] = _FUNCTIONS[function](values) if values else None
        result.append(row)
    return result


def _sort(rows: list[Row], rest: str) -> list[Row]:
    found = re.fullmatch(rf"({_NAME}) (asc|desc)", rest)
    if not found:
        raise InsightsError(f"not known in sort: {rest}")
    return sorted(rows, key=lambda row: row.get(found[1]) or 0, reverse=found[2] == "desc")


def _limit(rows: list[Row], rest: str) -> list[Row]:
    # The most that Insights gives.
    if not re.fullmatch(r"[1-9][0-9]*", rest) or int(rest) > 10_000:
        raise InsightsError(f"not known in limit: {rest}")
    return rows[: int(rest)]


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {"count": len, "max": max, "min": min}
_COMMANDS: dict[str, Callable[[list[Row], str], list[Row]]] = {
    "fields": _fields,
    "filter": _filter,
    "limit": _limit,
    "parse": _parse,
    "sort": _sort,
    "stats": _stats,
}
