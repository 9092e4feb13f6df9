"""How long the database users' function takes.

`python -m benchmarks` prints a table and writes build/bench.json. The goals are for what it does by
itself; that each benchmark runs can be seen with less.
"""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.figures import told
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
    return told(figures, options.output)


if __name__ == "__main__":
    sys.exit(main())
