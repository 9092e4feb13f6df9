"""Whether a pattern of IAM matches a text, where parts of either may not be known yet.

What only a deployment knows stands in a text as a token in angle brackets:

- ``⟨stack/LogicalId.Attribute⟩``: a name or id that is the resource's own, without ``:`` and ``/``;
- ``⟨~stack/LogicalId.Attribute⟩``: the same, of any shape, such as an ARN;
- ``⟨?anything⟩``: nothing is known of it.

A token equals itself. The own names of two resources differ. All else is unknown.
"""

import re
from collections.abc import Sequence
from enum import Enum
from functools import cache, lru_cache

from review.iam.truth import NO, UNKNOWN, YES, Truth

# What stands in a pattern for these characters themselves (``${*}`` and ``${?}`` in a policy).
LITERAL_STAR, LITERAL_QUESTION_MARK = "\ue000", "\ue001"

_PARTS = re.compile(r"⟨[^⟩]*⟩|.", re.DOTALL)
_NOT_LITERAL = re.compile(r"[*?⟨]")


class Wild(Enum):
    """A wildcard in a pattern."""

    ANY = "*"
    ONE = "?"


Part = str | Wild


def token(name: str, *, kind: str = "") -> str:
    """The token that stands for ``name``; ``kind`` is one of ``""``, ``"~"`` and ``"?"``."""
    return f"⟨{kind}{name}⟩"


def has_token(text: str) -> bool:
    """Whether a part of ``text`` is not known before a deployment."""
    return "⟨" in text


@lru_cache(maxsize=1 << 16)
def matches(pattern: str, text: str, *, ignore_case: bool = False) -> Truth:
    """Whether ``pattern``, with ``*`` and ``?``, matches all of ``text``."""
    if ignore_case:
        pattern, text = pattern.lower(), text.lower()
    if pattern in ("*", text):
        return YES
    if _ends_differ(pattern, text):
        return NO
    wanted, given = _pattern_parts(pattern), tuple(_PARTS.findall(text))
    if _certainly(wanted, given):
        return YES
    if "⟨" not in pattern and "⟨" not in text:
        return NO
    return UNKNOWN if _possibly(wanted, given) else NO


def equals(one: str, other: str, *, ignore_case: bool = False) -> Truth:
    """Whether two texts are the same, with no wildcard in either."""
    literal = one.replace("*", LITERAL_STAR).replace("?", LITERAL_QUESTION_MARK)
    # The question mark of a token is no wildcard.
    literal = re.sub("⟨" + LITERAL_QUESTION_MARK, "⟨?", literal)
    return matches(literal, other, ignore_case=ignore_case)


def _ends_differ(pattern: str, text: str) -> bool:
    """Whether the literal beginnings, or ends, exclude each other: what most often decides."""
    (head, tail), (start, end) = _ends(pattern), _ends(text)
    if not (head.startswith(start) or start.startswith(head)):
        return True
    return not (tail.endswith(end) or end.endswith(tail))


@lru_cache(maxsize=1 << 14)
def _ends(text: str) -> tuple[str, str]:
    head = _NOT_LITERAL.split(text, maxsplit=1)[0]
    tail = re.split(r"[*?⟩]", text)[-1]
    return _unescaped(head), _unescaped(tail)


def _unescaped(literal: str) -> str:
    return literal.replace(LITERAL_STAR, "*").replace(LITERAL_QUESTION_MARK, "?")


_MEANINGS: dict[str, Part] = {
    "*": Wild.ANY,
    "?": Wild.ONE,
    LITERAL_STAR: "*",
    LITERAL_QUESTION_MARK: "?",
}


def _pattern_parts(pattern: str) -> tuple[Part, ...]:
    found: list[str] = _PARTS.findall(pattern)
    return tuple(_MEANINGS.get(part, part) for part in found)


def _certainly(pattern: Sequence[Part], text: Sequence[str]) -> bool:
    """Whether they match whatever the tokens stand for."""

    @cache
    def matched(at: int, of: int) -> bool:
        if at == len(pattern):
            return of == len(text)
        part = pattern[at]
        if part is Wild.ANY:
            return matched(at + 1, of) or (of < len(text) and matched(at, of + 1))
        if of == len(text):
            return False
        one = part is Wild.ONE and len(text[of]) == 1
        return (one or part == text[of]) and matched(at + 1, of + 1)

    return matched(0, 0)


def _possibly(pattern: Sequence[Part], text: Sequence[Part]) -> bool:
    """Whether there is anything that the tokens could stand for so that they match.

    A token takes one part or more of the other side, and may end within a token there.
    """

    @cache
    def matched(at: int, of: int) -> bool:
        if at == len(pattern) and of == len(text):
            return True
        if at < len(pattern) and pattern[at] is Wild.ANY:
            return matched(at + 1, of) or (of < len(text) and matched(at, of + 1))
        if at == len(pattern) or of == len(text):
            return False
        part, other = pattern[at], text[of]
        one = part is Wild.ONE and not _is_token(other)
        if (one or part == other) and matched(at + 1, of + 1):
            return True
        if _is_token(part) and any(matched(at + 1, end) for end in _taken(part, text, of)):
            return True
        return _is_token(other) and any(matched(end, of + 1) for end in _taken(other, pattern, at))

    return matched(0, 0)


def _taken(taker: Part, parts: Sequence[Part], start: int) -> list[int]:
    """Where in ``parts`` the token ``taker``, which begins at ``start``, may end."""
    ends: list[int] = []
    for index in range(start, len(parts)):
        part = parts[index]
        if not _can_hold(str(taker), part):
            break
        if _is_token(part) and index > start:
            ends.append(index)
        ends.append(index + 1)
    return ends


def _can_hold(taker: str, part: Part) -> bool:
    if part is Wild.ANY or part is Wild.ONE:
        return True
    if len(part) == 1:
        return part not in ":/" or taker[1] in "~?"
    if "?" in (taker[1], part[1]):
        return True
    return _resource(taker) == _resource(part)


def _resource(own: str) -> str:
    return own.strip("⟨~⟩").partition(".")[0]


def _is_token(part: Part) -> bool:
    return isinstance(part, str) and len(part) > 1
