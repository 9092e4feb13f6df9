"""What would make a removal fail in its middle."""

from collections.abc import Iterator, Sequence
from typing import Any

from deployed.stack import DeployedStack, servers_of, stays
from removal.strangers import strangers


def refusals(stacks: Sequence[DeployedStack], session: Any) -> Iterator[str]:
    """What would make the removal fail in its middle, and what to do about it."""
    for stack in stacks:
        for identifier in _protected(stack):
            yield (
                f"RDS does not delete {identifier}, deployed with deletion_protection: true and "
                "retain: false; deploy one of the two otherwise"
            )
        for bucket in strangers(session.client("s3"), stack):
            yield f"Amazon S3 deletes no bucket that others put something into: {bucket}; move it"


def _protected(stack: DeployedStack) -> Iterator[str]:
    """Identifiers of its servers that RDS will not delete, though it should."""
    for logical_id, one in servers_of(stack.template).items():
        if one["Properties"].get("DeletionProtection") and not stays(stack.template, logical_id):
            yield stack.ids[logical_id]
