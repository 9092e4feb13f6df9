"""The comment: the counts in its title, the summary, then the changes as far as there is room.

What is reported stands in blocks of code alone, where nothing is markup, a link or a mention.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from review.comment.reported import Reported
from review.rendering import visible

MARK = "<!-- review of access -->"
"""The comment's first line, by which it is found again."""
LIMIT = 60_000
"""Bytes of UTF-8. GitHub takes 65,536 characters, and does not say of what encoding."""
LONGEST_LINE = 400
_SIGNS = {"wider": "+", "moved": "!", "narrower": "-"}
_KINDS = {"+": "added", "~": "changed", "-": "removed"}
_DIGEST = re.compile(r"<!-- content [0-9a-f]{64} -->")


def compose(reports: Sequence[Reported], *, link: str = "") -> str:
    """The comment.

    Args:
        reports: of each environment, in their order.
        link: of the whole of the reports; the comment is as before where this alone differs.
    """
    head = [
        f"## {_title(reports)}",
        "",
        *(f"- **{one.environment}**: {_counts(one)}" for one in reports),
    ]
    parts = [part for one in reports for part in _parts(one)]
    digest = hashlib.sha256(repr((head, parts)).encode()).hexdigest()
    begin = [MARK, f"<!-- content {digest} -->", *head, ""]
    end = [
        f"[The reports and the page]({link}), whole." if link else "The reports hold the whole.",
        "Made by the pull request's own code; main's makes it anew before a deploy.",
        "",
    ]
    room = LIMIT - _size([*begin, *end])
    middle: list[str] = []
    for position, (title, language, lines) in enumerate(parts):
        share = room // (len(parts) - position)
        block = _block(title, language, lines, share)
        room -= _size(block)
        middle += block
    return "\n".join([*begin, *middle, *end])


def same(one: str, other: str) -> bool:
    """Whether two comments say the same, whatever run they link to."""
    found = [_DIGEST.search(each) for each in (one, other)]
    return all(found) and len({each[0] for each in found if each}) == 1


def plain(text: str) -> str:
    """A text on one line, in which nothing hides."""
    shown = visible(text[: LONGEST_LINE + 1])
    return shown if len(shown) <= LONGEST_LINE else f"{shown[: LONGEST_LINE - 1]}…"


def _title(reports: Sequence[Reported]) -> str:
    directions = Counter(direction for one in reports for direction, _ in one.access)
    access = ", ".join(f"{directions[each]} {each}" for each in _SIGNS if directions[each])
    kinds = _kinds(line for one in reports for lines in one.resources.values() for line in lines)
    return f"Access: {access or 'no change'} · Resources: {kinds or 'no change'}"


def _counts(one: Reported) -> str:
    directions = Counter(direction for direction, _ in one.access)
    access = ", ".join(f"{directions[each]} {each}" for each in _SIGNS if directions[each])
    kinds = _kinds(line for lines in one.resources.values() for line in lines)
    changed = f"{kinds} in {_number(len(one.resources), 'stack')}" if kinds else "no resource"
    return f"access {access or 'as it was'}; {changed}"


def _kinds(lines: Iterable[str]) -> str:
    found = Counter(_KINDS[line[1]] for line in lines if line[1:2] in _KINDS)
    return ", ".join(f"{found[each]} {each}" for each in _KINDS.values() if found[each])


def _parts(one: Reported) -> list[tuple[str, str, list[str]]]:
    """Title, language and lines of each block."""
    access = [f"{_SIGNS[direction]} {sentence}" for direction, sentence in one.access]
    resources = [
        line
        for stack, lines in one.resources.items()
        for line in (f"Stack {stack}", *(f"  {each}" for each in lines))
    ]
    blocks = [
        (f"Access in {one.environment}", "diff", access),
        (f"Resources in {one.environment}, by cdk diff", "text", resources),
    ]
    return [block for block in blocks if block[2]]


def _block(title: str, language: str, lines: Sequence[str], room: int) -> list[str]:
    """The lines in a block of code, as many as there is room for."""
    shown = [plain(line) for line in lines]
    longest = max((len(found) for line in shown for found in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    begin, end = ["", f"**{title}**", "", f"{fence}{language}"], [fence, ""]
    left = room - _size([*begin, *end]) - 80
    kept: list[str] = []
    for line in shown:
        left -= _size([line])
        if left < 0:
            break
        kept.append(line)
    rest = len(shown) - len(kept)
    return [*begin, *kept, *([f"… and {_number(rest, 'line')} more"] if rest else []), *end]


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
