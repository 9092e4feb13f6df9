"""What CloudFormation takes of one stack, in words where a stack has more."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

# The CDK's own check of CloudFormation's quota, whose message goes on with a count by type.
_TOO_MANY = re.compile(r"Number of resources in stack '(.+?)': (\d+) is greater than .* of (\d+)")

_HELP = "declare access_stack: own for a new instance, or some databases in another environment"
# "AWS CloudFormation quotas": template body in an Amazon S3 object, and outputs.
TEMPLATE_BYTES = 1_000_000
OUTPUTS = 200


class QuotaError(Exception):
    """A stack with more than CloudFormation takes."""


@contextmanager
def kept(outdir: Path) -> Generator[None]:
    """Synthesize to ``outdir`` in here. QuotaError with the stack, what it has, and what helps."""
    try:
        yield
    except RuntimeError as error:
        if found := _TOO_MANY.search(str(error)):
            stack, count, most = found.groups()
            raise QuotaError(
                f"the stack {stack} has {count} resources, and CloudFormation takes {most}: a "
                f"grant is one to three of them, so {_HELP}"
            ) from None
        _held(outdir)
        raise
    _held(outdir)


def _held(outdir: Path) -> None:
    """Nothing, if CloudFormation takes every template there is. QuotaError for one too large."""
    for file in sorted(outdir.glob("*.template.json")):
        content = file.read_bytes()
        if len(content) > TEMPLATE_BYTES:
            raise QuotaError(
                f"{file.name} has {len(content):,} bytes, and CloudFormation takes "
                f"{TEMPLATE_BYTES:,}: {_HELP}"
            )
        outputs = len(json.loads(content).get("Outputs", {}))
        if outputs > OUTPUTS:
            raise QuotaError(
                f"{file.name} has {outputs} outputs, and CloudFormation takes {OUTPUTS}: a "
                "connection of an Airflow that exists is one, so declare its connections_prefix, "
                f"or {_HELP}"
            )
