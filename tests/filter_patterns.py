"""The patterns of metric filters that are used here, and no other.

Source: "Filter pattern syntax for metric filters" of the CloudWatch Logs user guide.
"""

import re

_ALLOWED = r"A-Za-z0-9:_#=@/;,^$?\[\]{}|*+.-"
# A blank, a digit or a word's character by its class; an operator as itself.
_REGEX = re.compile(rf"(?:[{_ALLOWED}]|\\[sdw\[\].$^*+?|{{}}\\])+")


class PatternError(ValueError):
    """What this evaluator does not know, or the language does not have."""


def matches(pattern: str, message: str) -> bool:
    """Whether a filter with this pattern counts a log event.

    Raises:
        PatternError: a form of pattern that is not known here, or that CloudWatch would refuse.
    """
    if len(pattern) < 3 or pattern[0] + pattern[-1] != "%%":
        raise PatternError(f"not known: {pattern}")
    if not _REGEX.fullmatch(pattern[1:-1]):
        raise PatternError(f"not of the regular expressions that a filter has: {pattern}")
    return bool(re.search(pattern[1:-1], message, re.ASCII))
