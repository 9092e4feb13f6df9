"""Yes, no, and what cannot be decided."""

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """Kleene's three values, ordered, so that `and` is the least of them and `or` the greatest."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __invert__(self) -> "Truth":
        return Truth(2 - self)


NO, UNKNOWN, YES = Truth


def every(values: Iterable[Truth]) -> Truth:
    """Whether all hold: YES of none."""
    least = YES
    for value in values:
        if value is NO:
            return NO
        least = min(least, value)
    return least


def any_of(values: Iterable[Truth]) -> Truth:
    """Whether one holds: NO of none."""
    greatest = NO
    for value in values:
        if value is YES:
            return YES
        greatest = max(greatest, value)
    return greatest


def truth(value: bool) -> Truth:
    """A Python bool among the three values."""
    return YES if value else NO
