"""What stays when stacks are removed, and which stay that no declaration has any more."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployed import sessions
from deployed.stack import read_stack
from removal import in_use, undeclared
from removal.in_the_way import in_the_way
from removal.record import record, told
from removal.refusals import refusals
from removal.undeclared import RemovalError
from review.templates.assembly import read


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: something would not go, and nothing is to be removed."""
    parser = argparse.ArgumentParser(prog="python -m removal", description=__doc__)
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
        # What is deployed or shown is not refused for a question that was not answered.
        return 0 if given.action in ("keep", "undeclared") else 1
    return 0


class RefusedError(Exception):
    """What would make a removal fail in its middle, an argument each."""


def _keep(assembly: Path, _environment: str) -> None:
    cloudformation = sessions.session(assembly, "read").client("cloudformation")
    kept = in_use.keep(assembly, read(assembly).stacks, cloudformation)
    sys.stdout.writelines(f"{line}\n" for line in kept)


def _record(assembly: Path, _environment: str) -> None:
    declared = read(assembly).stacks
    session = sessions.session(assembly, "read")
    cloudformation: Any = session.client("cloudformation")
    found = [one for stack in declared if (one := read_stack(cloudformation, stack.name))]
    found += undeclared.stacks(cloudformation, declared)
    if refused := [*refusals(found, session), *in_the_way(session, found)]:
        raise RefusedError(*refused)
    record(found, assembly)


def _tell(assembly: Path, _environment: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in told(assembly))


def _tell_undeclared(assembly: Path, environment: str) -> None:
    cloudformation = sessions.session(assembly, "read").client("cloudformation")
    found = undeclared.stacks(cloudformation, read(assembly).stacks)
    sys.stdout.writelines(f"{line}\n" for line in undeclared.told([*found], environment))


def _prune(assembly: Path, environment: str) -> None:
    if names := _remove(assembly, environment):
        sys.stdout.writelines(f"{line}\n" for line in told(assembly, names))
        print(f"What others kept for them goes with: make deploy ENVIRONMENT={environment}")
    else:
        print("Every stack of the environment is declared; there is nothing to remove.")


def _remove(assembly: Path, environment: str) -> set[str]:
    declared = read(assembly).stacks
    session = sessions.session(assembly, "read")
    cloudformation: Any = session.client("cloudformation")
    found = [*undeclared.stacks(cloudformation, declared)]
    refused = [*refusals(found, session)]
    refused += [
        f"{one.name} is used by {user}, as that is deployed; first: make deploy "
        f"ENVIRONMENT={environment}"
        for one in found
        for user in undeclared.users(cloudformation, one.name, declared)
    ]
    if refused:
        raise RefusedError(*refused)
    record(found, assembly)
    deploying = sessions.session(assembly, "deploy").client("cloudformation")
    for one in found:
        print(f"{one.name}: is removed", flush=True)
        undeclared.remove(deploying, one.name)
    return {one.name for one in found}


_ACTIONS: dict[str, Callable[[Path, str], object]] = {
    "keep": _keep,
    "record": _record,
    "remove": _remove,
    "prune": _prune,
    "tell": _tell,
    "undeclared": _tell_undeclared,
}


if __name__ == "__main__":
    sys.exit(main())
