"""What stays of removed stacks: written before they go, and told once they are gone."""

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from deployed.stack import DeployedStack
from removal import take_up
from removal.lived_in import left_behind
from review.templates.assembly import read

FOLDER = "retained"
"""In the assembly's folder: of each stack, what an import would take."""
RESOURCES, TEMPLATE, SERVERS = ".resources.json", ".template.json", ".servers.json"


def record(stacks: Sequence[DeployedStack], assembly: Path) -> None:
    """Write what an import of each of ``stacks`` would take; before they are removed."""
    folder = assembly / FOLDER
    folder.mkdir(exist_ok=True)
    for stack in stacks:
        for suffix, content in (
            (RESOURCES, take_up.resources(stack)),
            (TEMPLATE, take_up.template(stack)),
            (SERVERS, [*left_behind(stack)]),
        ):
            (folder / f"{stack.name}{suffix}").write_text(json.dumps(content, indent=1) + "\n")


def told(assembly: Path, names: Container[str] | None = None) -> Iterator[str]:
    """What stays of the environment of ``assembly``, as it was recorded, in lines.

    Args:
        assembly: what was synthesized; of the stacks that its declaration has no more, too.
        names: of these stacks alone.
    """
    kinds: dict[str, list[str]] = defaultdict(list)
    servers: list[str] = []
    described = {stack.template.get("Description") for stack in read(assembly).stacks}
    for file in sorted((assembly / FOLDER).glob(f"*{TEMPLATE}")):
        name = file.name.removesuffix(TEMPLATE)
        if json.loads(file.read_text()).get("Description") not in described:
            continue
        if names is not None and name not in names:
            continue
        servers += json.loads(file.with_name(f"{name}{SERVERS}").read_text())
        for one in json.loads(file.with_name(f"{name}{RESOURCES}").read_text()):
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
    yield from servers
    if not kinds and not buckets and not servers:
        yield "Nothing stays."
