"""What the review adds to a synthesis of 100 databases, and how long a pull request takes.

`python -m benchmarks.review` prints both and writes build/bench-review.json; `--job` also runs the
make targets of a pull request, one after the other, and names the three that take longest.
"""

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from airflow_rds_iam.declaration.file import load
from review.declared import declared
from review.difference.build import difference
from review.difference.text import as_json, as_markdown, as_text
from review.files import write
from review.kept import review_again
from review.nag.tables import from_json
from review.reports import review
from tests.application import ROOT, synthesize
from tests.declared import dev, written

DATABASES, AIRFLOWS = 100, 20
SECONDS, SHARE = 1.0, 0.1
"""The review may add so much to a synthesis, whichever is more."""
JOB = ("lint", "test", "synth", "difference", "changes")
REPEATS = 3


def declaration(folder: Path, count: int) -> Path:
    """Databases with an owner and a reader each, ten to an identity; Airflow reads some."""
    databases = {
        f"orders_{number:03}": {
            "own": [f"team_{number // 10}"],
            "read": [f"people_{number // 10}", *(["airflow"] if number < AIRFLOWS else [])],
        }
        for number in range(count)
    }
    granted = {one for each in databases.values() for level in each.values() for one in level}
    roles = {
        name: {"role_arn": f"arn:aws:iam::111122223333:role/{name}"}
        for name in sorted(granted - {"airflow"})
    }
    content = dev({"instances.warehouse.databases": databases, "identities": roles})
    return written(content, folder / "many.yaml")


def measured(folder: Path, count: int) -> dict[str, float]:
    """Seconds of a whole synthesis of `count` databases, and of what of it the review is."""
    file, assembly = declaration(folder, count), folder / "out"
    begun = time.perf_counter()
    ran = synthesize(str(file), assembly)
    whole = time.perf_counter() - begun
    if ran.returncode:
        sys.exit(ran.stderr)
    model, today = load(file), date.today()
    nag = from_json((assembly / "review/nag.json").read_text())
    spent: list[float] = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        found = review(
            assembly,
            declared=declared(model, environment="many"),
            declaration=file.read_text(),
            answers={},
            today=today,
        )
        # The packs answer in the synthesis; what is made of their answers is the page's.
        found = replace(found, nag=nag)
        write(found, folder / "review", declaration=file.name, today=today)
        change = difference(review_again(assembly, today=today), found)
        for render in (as_text, as_markdown, as_json):
            render(change)
        spent.append(time.perf_counter() - begun)
    # The first is what a synthesis pays: nothing is cached yet.
    return {"synthesis": whole, "review": spent[0], "review, again": min(spent)}


def job() -> dict[str, float]:
    """Seconds of each target of a pull request."""
    seconds: dict[str, float] = {}
    program = shutil.which("make") or sys.exit("no make on the PATH")
    for target in JOB:
        begun = time.perf_counter()
        subprocess.run([program, target, "BASE=HEAD"], cwd=ROOT, check=True, stdout=sys.stderr)  # noqa: S603
        seconds[target] = time.perf_counter() - begun
    return seconds


def main() -> int:
    """Measure, and print. 1 if the review takes more than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review", description=__doc__)
    parser.add_argument("--job", action="store_true", help="time a pull request's targets too")
    parser.add_argument("--databases", type=int, default=DATABASES)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench-review.json")
    options = parser.parse_args()
    # As in app.py.
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(Path(folder), options.databases)
    allowed = max(SECONDS, SHARE * (seconds["synthesis"] - seconds["review"]))
    found: dict[str, object] = {"seconds": seconds, "allowed": allowed}
    print(
        f"{options.databases} databases: synthesis {seconds['synthesis']:.1f} s, of which the "
        f"review with a difference {seconds['review']:.2f} s; it may take {allowed:.2f} s"
    )
    if options.job:
        targets = job()
        longest = sorted(targets, key=lambda one: -targets[one])[:3]
        found["job"] = targets
        print(
            f"a pull request: {sum(targets.values()):.0f} s; the longest: "
            + ", ".join(f"make {one} {targets[one]:.0f} s" for one in longest)
        )
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if seconds["review"] > allowed else 0


if __name__ == "__main__":
    sys.exit(main())
