"""What is measured, as lines of a table."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


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


def told(figures: Sequence[Figure], output: Path) -> int:
    """Print and write the figures. 0: each goal is met; 1: one is not."""
    table = Table("figure", "value", "goal", "")
    for line in figures:
        table.add_row(
            line.name,
            f"{line.value:.2f} {line.unit}",
            "" if line.goal is None else f"at most {line.goal} {line.unit}",
            "" if line.met is None else "[green]✓" if line.met else "[red]✗",
        )
    Console().print(table)
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps([asdict(line) for line in figures], indent=2) + "\n")
    return 0 if all(line.met is not False for line in figures) else 1
