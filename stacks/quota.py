"""What CloudFormation takes of one stack, in words where a stack has more."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

# The CDK's own check of CloudFormation's quota, whose message goes on with a count by type.
_TOO_MANY = re.compile(r"Number of resources in stack '(.+?)': (\d+) is greater than .* of (\d+)")

_HELP = "declare access_stack: own for a new instance, or some databases in another environment"
# "AWS CloudFormation quotas", template body in an Amazon S3 object.
TEMPLATE_BYTES = 1_000_000


class QuotaError(Exception):
    """A stack with more resources than CloudFormation takes."""


@contextmanager
def kept() -> Generator[None]:
    """Synthesize in here. QuotaError with the stack, its resources, and what helps."""
    try:
        yield
    except RuntimeError as error:
        found = _TOO_MANY.search(str(error))
        if found is None:
            raise
        stack, count, most = found.groups()
        raise QuotaError(
            f"the stack {stack} has {count} resources, and CloudFormation takes {most}: a grant is "
            f"one to three of them, so {_HELP}"
        ) from None


def held(outdir: Path) -> None:
    """Nothing, if CloudFormation takes every template in ``outdir``.

    Raises:
        QuotaError: one is too large.
    """
    for file in sorted(outdir.glob("*.template.json")):
        size = file.stat().st_size
        if size > TEMPLATE_BYTES:
            raise QuotaError(
                f"{file.name} has {size:,} bytes, and CloudFormation takes "
                f"{TEMPLATE_BYTES:,}: {_HELP}"
            )
