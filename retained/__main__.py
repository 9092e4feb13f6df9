"""Before and after `make destroy`: what stays, and why."""

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from retained import take_up
from retained.deployed import Leaving, leaving
from retained.strangers import strangers
from review.templates.assembly import read

FOLDER = "retained"
"""In the assembly's folder: of each stack, what an import would take."""
RESOURCES, TEMPLATE = ".resources.json", ".template.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: something would not go, and nothing is to be removed."""
    parser = argparse.ArgumentParser(prog="python -m retained", description=__doc__)
    parser.add_argument("action", choices=["record", "tell"])
    parser.add_argument("assembly", type=Path, help="what was synthesized, such as cdk.out")
    given = parser.parse_args(arguments)
    try:
        if given.action == "tell":
            sys.stdout.writelines(f"{line}\n" for line in told(given.assembly))
            return 0
        found = list(_leaving(given.assembly))
        refused = [*refusals(found, boto3.Session())]
    except (ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if refused:
        print("nothing is removed:", file=sys.stderr)
        sys.stderr.writelines(f"  {line}\n" for line in refused)
        return 1
    record(found, given.assembly)
    return 0


def _leaving(assembly: Path) -> Iterator[Leaving]:
    session = boto3.Session()
    for stack in read(assembly).stacks:
        region = stack.environment["region"]
        declared = region if re.fullmatch(r"[a-z0-9-]+", region) else None
        client: Any = session.client("cloudformation", region_name=declared)  # pyright: ignore[reportUnknownMemberType]
        if found := leaving(client, stack.name):
            yield found


def refusals(stacks: Sequence[Leaving], session: Any) -> Iterator[str]:
    """What would make the removal fail in its middle, and what to do about it."""
    for stack in stacks:
        for identifier in stack.protected:
            yield (
                f"RDS does not delete {identifier}, deployed with deletion_protection: true and "
                "retain: false; deploy one of the two otherwise"
            )
        for bucket in strangers(session.client("s3"), stack.template, stack.there):
            yield f"Amazon S3 deletes no bucket that others put something into: {bucket}; move it"


def record(stacks: Sequence[Leaving], assembly: Path) -> None:
    """Write what an import of each of ``stacks`` would take; before they are removed."""
    folder = assembly / FOLDER
    folder.mkdir(exist_ok=True)
    for stack in stacks:
        for suffix, content in (
            (RESOURCES, take_up.resources(stack)),
            (TEMPLATE, take_up.template(stack)),
        ):
            (folder / f"{stack.name}{suffix}").write_text(json.dumps(content, indent=1) + "\n")


def told(assembly: Path) -> Iterator[str]:
    """What stays of the stacks of ``assembly``, as it was recorded, in lines."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for stack in read(assembly).stacks:
        file = assembly / FOLDER / f"{stack.name}{RESOURCES}"
        there: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
        for one in there:
            [identifier] = one["ResourceIdentifier"].values()
            kinds[one["ResourceType"].removeprefix("AWS::")].append(identifier)
    buckets = kinds.pop("S3::Bucket", [])
    if kinds:
        yield (
            "These stay, as their templates retain them: an instance with retain: true, and all "
            "that it stands on. They are paid for as before."
        )
        yield from (f"  {kind}: {', '.join(ids)}" for kind, ids in sorted(kinds.items()))
        yield (
            f"How to take them up again: docs/removal.md, with what is in {assembly / FOLDER} "
            "(keep a copy). How to be rid of them: by hand, from the instance on."
        )
    if buckets:
        yield (
            f"S3 access logs stay in {', '.join(buckets)}, a record of who read what: empty the "
            "bucket and delete it once nobody needs them."
        )
    if not kinds and not buckets:
        yield "Nothing stays."


if __name__ == "__main__":
    sys.exit(main())
