"""What cannot be so beside the other environments that are declared in the same folder."""

from collections.abc import Iterator, Mapping

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.model import Declaration


def clashes(
    declaration: Declaration, others: Mapping[str, Declaration]
) -> Iterator[tuple[Path, str]]:
    """Where in ``declaration``, and with which of the ``others``, by environment.

    Two on one server whose roles are known by the same prefix would remove each other's users.
    """
    for name, instance in declaration.instances.items():
        for environment, other in others.items():
            if other.prefix == declaration.prefix and _is_in(instance, environment, other):
                has = f"prefix {other.prefix!r}" if other.prefix else "no prefix"
                yield (
                    ("instances", name),
                    f"is an instance of the environment {environment!r}, too, and both have {has}, "
                    "so that each would remove the other's users: declare another prefix",
                )


def _is_in(instance: Instance, environment: str, other: Declaration) -> bool:
    existing = instance.existing
    if existing is None:
        return False
    return any(
        existing.endpoint == one.existing.endpoint
        or existing.resource_id == one.existing.resource_id
        if one.existing
        else existing.identifier == one.identifier(environment, name)
        for name, one in other.instances.items()
    )
