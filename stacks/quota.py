"""What CloudFormation takes of one stack, in words where a stack has more."""

import re
from collections.abc import Generator
from contextlib import contextmanager

# The CDK's own check of CloudFormation's quota, whose message goes on with a count by type.
_TOO_MANY = re.compile(r"Number of resources in stack '(.+?)': (\d+) is greater than .* of (\d+)")


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
            "one to three of them, so declare some databases in another environment"
        ) from None
