"""What one identity's databases cost a synthesis, in seconds, characters and resources touched.

`python -m benchmarks.synthesis` prints a table and writes build/bench-synthesis.json. Seconds are
the processor's, of a whole synthesis with its review, for the databases beyond the first.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_rds_iam.declaration.identities import Layout
from benchmarks.figures import Figure, figure, told
from tests.application import ROOT, synthesize, templates
from tests.declared import dev, written
from tests.touched import touched

MILLISECONDS = 5.0
"""A database's share of a synthesis at most."""
ROLE = {"role_arn": "arn:aws:iam::111122223333:role/people/analyst"}
IDENTITIES = ("airflow", "analyst")


def content(identity: str, layout: Layout, levels: Mapping[str, str]) -> dict[str, Any]:
    """The declaration of one identity with a level in each of its databases."""
    databases = {name: {level: [identity]} for name, level in levels.items()}
    of_identity: dict[str, Any] = {"identities": {}, "airflow.policies": layout}
    if identity != "airflow":
        of_identity = {"identities": {identity: {**ROLE, "policies": layout}}}
        # Its way to the server is there for somebody.
        databases["airflows"] = {"read": ["airflow"]}
    return dev({
        "instances.warehouse.databases": databases,
        "managed_policies_per_role": 20,
        **of_identity,
    })  # fmt: skip


def synthesized(
    folder: Path, declared: dict[str, Any], repeats: int = 1
) -> tuple[float, dict[str, Any], int]:
    """Seconds of the fastest synthesis, the access stack's template, and its bytes."""
    file, out = written(declared, folder / "dev.yaml"), folder / "out"
    seconds: list[float] = []
    for _ in range(repeats):
        begun = _spent()
        ran = synthesize(str(file), out)
        seconds.append(_spent() - begun)
        if ran.returncode:
            sys.exit(ran.stderr)
    size = (out / "dev-access.template.json").stat().st_size
    return min(seconds), templates(out)["dev-access"], size


def _spent() -> float:
    """Seconds that the processor has spent on programs that were run and have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def measured(folder: Path, identity: str, counts: list[int], repeats: int) -> list[Figure]:
    """The figures of one identity, its logins packed."""
    figures: list[Figure] = []
    first = 0.0
    for count in counts:
        levels = {f"sales_{number:03}": "read" for number in range(count)}
        declared = content(identity, "packed", levels)
        seconds, template, size = synthesized(folder, declared, repeats)
        name = f"{identity}, {count} databases"
        if count == min(counts):
            first = seconds
        else:
            each = (seconds - first) / (count - min(counts)) * 1000
            figures.append(figure(f"{name}: beyond the first, each", each, "ms", MILLISECONDS))
        figures.append(figure(f"{name}: template, of a million", size / 1_000_000, "", 1.0))
        changes = {
            "one more": {**levels, "reports": "read"},
            "one at another level": {**levels, "sales_000": "write"},
        }
        for change, after in changes.items():
            _, changed, _ = synthesized(folder, content(identity, "packed", after))
            found = len(touched(template, changed))
            figures.append(figure(f"{name}: touched by {change}", found, "resources"))
    return figures


def main() -> int:
    """Prints and writes the figures. 0: each goal is met; 1: one is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthesis", description=__doc__)
    parser.add_argument("--databases", type=int, nargs="+", default=[1, 10, 100, 300])
    parser.add_argument("--repeats", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench-synthesis.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            line
            for one in IDENTITIES
            for line in measured(Path(folder), one, given.databases, given.repeats)
        ]
    return told(figures, given.output)


if __name__ == "__main__":
    sys.exit(main())
