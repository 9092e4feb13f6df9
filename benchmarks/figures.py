"""What is measured, as lines of a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table; `goal` is the most that `value` may be, if there is one."""

    name: str
    value: float
    unit: str
    goal: float | None
    met: bool | None


def figure(name: str, value: float, unit: str, goal: float | None = None) -> Figure:
    """A line of the table."""
    return Figure(name, round(value, 3), unit, goal, None if goal is None else value <= goal)
