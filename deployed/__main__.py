"""Why a stack could not be deployed, in the words of what refused it: make's last lines."""

import argparse
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployed import sessions
from deployed.failure import reasons, still_taken_over
from deployed.stack import read_stack
from review.templates.assembly import read


def main() -> int:
    """Tell it; 1, as something failed."""
    parser = argparse.ArgumentParser(prog="python -m deployed", description=__doc__)
    parser.add_argument("assembly", type=Path, help="what was synthesized, such as cdk.out")
    parser.add_argument("stack", help="that was not deployed")
    given = parser.parse_args()
    try:
        cloudformation: Any = sessions.session(given.assembly, "read").client("cloudformation")
        events = cloudformation.describe_stack_events(StackName=given.stack)["StackEvents"]
        deployed = read_stack(cloudformation, given.stack)
    except (ClientError, BotoCoreError, OSError):
        return 1  # what cdk said is all that is known
    lines = [*reasons(events)]
    wanted = next(
        (one.template for one in read(given.assembly).stacks if one.name == given.stack), None
    )
    if lines and deployed and wanted:
        lines += still_taken_over(deployed.template, wanted)
    for line in lines:
        print(f"{given.stack}: {line}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
