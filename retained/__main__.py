"""What stays when stacks are removed, and which stay that no declaration has any more."""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from retained import as_the_cdk, take_up
from retained.deployed import Leaving, leaving, resources_of
from retained.in_the_way import in_the_way
from retained.strangers import strangers
from retained.undeclared import RemovalError, remove, undeclared, users
from review.templates.assembly import read

FOLDER = "retained"
"""In the assembly's folder: of each stack, what an import would take."""
RESOURCES, TEMPLATE = ".resources.json", ".template.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: something would not go, and nothing is to be removed."""
    parser = argparse.ArgumentParser(prog="python -m retained", description=__doc__)
    parser.add_argument("action", choices=[*_ACTIONS])
    parser.add_argument("assembly", type=Path, help="what was synthesized, such as cdk.out")
    parser.add_argument("--environment", default="dev", help="as make was told it")
    given = parser.parse_args(arguments)
    try:
        _ACTIONS[given.action](given.assembly, given.environment)
    except RefusedError as refused:
        print("nothing is removed:", *refused.args, sep="\n  ", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError, RemovalError) as error:
        print(f"error: {error}", file=sys.stderr)
        # What is deployed or shown already is not undone by a question that was not answered.
        return 0 if given.action == "undeclared" else 1
    return 0


class RefusedError(Exception):
    """What would make a removal fail in its middle, an argument each."""


def _record(assembly: Path, _environment: str) -> None:
    stacks = read(assembly).stacks
    session = as_the_cdk.session(assembly, "read")
    cloudformation: Any = session.client("cloudformation")
    found = [one for stack in stacks if (one := leaving(cloudformation, stack.name))]
    found += undeclared(cloudformation, stacks)
    if refused := [*refusals(found, session), *in_the_way(session, found)]:
        raise RefusedError(*refused)
    record(found, assembly)


def _tell(assembly: Path, _environment: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in told(assembly))


def _tell_undeclared(assembly: Path, environment: str) -> None:
    cloudformation = as_the_cdk.session(assembly, "read").client("cloudformation")
    found = undeclared(cloudformation, read(assembly).stacks)
    sys.stdout.writelines(f"{line}\n" for line in told_undeclared([*found], environment))


def _prune(assembly: Path, environment: str) -> None:
    if names := _remove(assembly, environment):
        sys.stdout.writelines(f"{line}\n" for line in told(assembly, names))
    else:
        print("Every stack of the environment is declared; there is nothing to remove.")


def _remove(assembly: Path, environment: str) -> set[str]:
    stacks = read(assembly).stacks
    session = as_the_cdk.session(assembly, "read")
    cloudformation: Any = session.client("cloudformation")
    found = [*undeclared(cloudformation, stacks)]
    refused = [*refusals(found, session)]
    refused += [
        f"{one.name} is used by {user}, as that is deployed; first: make deploy "
        f"ENVIRONMENT={environment}"
        for one in found
        for user in users(cloudformation, one.name, stacks)
    ]
    if refused:
        raise RefusedError(*refused)
    record(found, assembly)
    deploying = as_the_cdk.session(assembly, "deploy").client("cloudformation")
    for one in found:
        print(f"{one.name}: is removed", flush=True)
        remove(deploying, one.name)
    return {one.name for one in found}


_ACTIONS: dict[str, Callable[[Path, str], object]] = {
    "record": _record,
    "remove": _remove,
    "prune": _prune,
    "tell": _tell,
    "undeclared": _tell_undeclared,
}


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


def told_undeclared(stacks: Sequence[Leaving], environment: str) -> Iterator[str]:
    """Which stacks nothing declares any more, and how to be rid of them, in lines."""
    if not stacks:
        return
    yield (
        "\nNo declaration has these stacks of the environment any more. They stay, may still be "
        "used, and are paid for:"
    )
    for stack in stacks:
        yield f"  {stack.name}{_of_instances(stack)}"
    yield (
        f"To remove them, once what is declared is deployed: make prune ENVIRONMENT={environment}"
    )


def _of_instances(stack: Leaving) -> str:
    kept = {one.logical_id for one in stack.retained}
    said = [
        f"{stack.there[one]}, {'which stays' if one in kept else 'whose data goes with it'}"
        for one in resources_of(stack.template, "AWS::RDS::DBInstance")
        if one in stack.there
    ]
    return f" (with the instance {'; '.join(said)})" if said else ""


def told(assembly: Path, names: Container[str] | None = None) -> Iterator[str]:
    """What stays of the environment of ``assembly``, as it was recorded, in lines.

    Args:
        assembly: what was synthesized; of the stacks that its declaration has no more, too.
        names: of these stacks alone.
    """
    kinds: dict[str, list[str]] = defaultdict(list)
    described = {stack.template.get("Description") for stack in read(assembly).stacks}
    for file in sorted((assembly / FOLDER).glob(f"*{TEMPLATE}")):
        name = file.name.removesuffix(TEMPLATE)
        if json.loads(file.read_text()).get("Description") not in described:
            continue
        if names is not None and name not in names:
            continue
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
    if not kinds and not buckets:
        yield "Nothing stays."


if __name__ == "__main__":
    sys.exit(main())
