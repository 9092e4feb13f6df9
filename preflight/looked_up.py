"""Servers that are declared by look-up, and are no more what was looked up."""

from collections.abc import Iterator
from typing import Any

from airflow_rds_iam.declaration.existing import ExistingInstance
from airflow_rds_iam.declaration.lookups import FILE, TOLD
from airflow_rds_iam.declaration.model import Declaration
from deployed.lookup import LookupRefusedError, looked_up


def changed(rds: Any, declaration: Declaration) -> Iterator[str]:
    """Each server that RDS describes otherwise than it was looked up, such as after a restore.

    Args:
        rds: a boto3 client; it calls DescribeDBClusters and DescribeDBInstances.
        declaration: with what was looked up in it.

    Raises:
        ClientError: the caller may not ask.
    """
    for name, instance in declaration.instances.items():
        existing = instance.existing
        if existing is None or existing.lookup is None:
            continue
        place = f"instances.{name}.existing.lookup: {existing.lookup!r}"
        try:
            found = looked_up(rds, existing.lookup)
        except LookupRefusedError as error:
            yield f"{place}: {error}"
            continue
        if others := [*_others(existing, found)]:
            yield (
                f"{place} is another than was looked up: {', '.join(others)}; run make lookup, "
                f"look at the difference, and commit {FILE}"
            )


def _others(existing: ExistingInstance, found: dict[str, Any]) -> Iterator[str]:
    keys = [*TOLD]
    # Of several groups one is declared, and of one in another network perhaps none.
    if "security_group" in found and existing.security_group:
        keys.append("security_group")
    for key in keys:
        was, now = getattr(existing, key), found.get(key)
        if was != now:
            yield f"{key} was {was or 'none'}, and is {now or 'none'}"
