"""How long the database users' function takes.

`python -m benchmarks` prints a table and writes build/bench.json. The goals are for what it does by
itself; that each benchmark runs can be seen with less.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.large import large
from benchmarks.many import measured, memory
from benchmarks.revoked import revoked

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Prints and writes the figures. 0: each goal is met; 1: one is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--databases", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--sessions", type=int, default=200, help="of a user that is revoked")
    parser.add_argument("--without-large", action="store_true", help="no large databases")
    parser.add_argument("--share", type=int, default=1, help="of the large ones, a so-manieth")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench.json")
    options = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    most = max(options.databases)
    figures = [line for count in options.databases for line in measured(count)]
    figures += memory(most)
    figures += revoked(most, options.sessions)
    if not options.without_large:
        figures += large(Console().print, options.share)
    table = Table("figure", "value", "goal", "")
    for line in figures:
        table.add_row(
            line.name,
            f"{line.value:.2f} {line.unit}",
            "" if line.goal is None else f"at most {line.goal} {line.unit}",
            "" if line.met is None else "[green]✓" if line.met else "[red]✗",
        )
    Console().print(table)
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps([asdict(line) for line in figures], indent=2) + "\n")
    return 0 if all(line.met is not False for line in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
