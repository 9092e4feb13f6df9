"""How many connections an instance takes, and whether each user leaves some to the others."""

import re
from collections.abc import Iterator

from airflow_rds_iam.declaration.capacity import Capacity
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.model import Declaration

KEPT = 20
"""Connections that users leave: those reserved for RDS and the master, and the function's.

RDS keeps three for itself and two for members of rds_superuser, which the master is (AWS re:Post,
"Why do I get the error remaining connection slots are reserved", of superuser_reserved_connections
and rds.rds_superuser_reserved_connections). No source says that the second is there, or may be set,
for PostgreSQL 16 and newer, which has reserved_connections for it, 0 by default: a parameter that a
family does not have fails a deploy, so that none is set, and what users leave is what it rests on.
"""

_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16}
_GIB_FACTORS = {"t": 1, "m": 1, "r": 2, "x": 4}
_OPERATING_SYSTEM_GIB = 0.25
_BYTES_PER_CONNECTION = 9_531_392
_MOST = 5_000
_CLASS = re.compile(r"db\.([a-z])\w*\.([0-9]*)([a-z]+)")


_GIB_PER_UNIT = 2
_MOST_FROM_SMALL = 2_000


def connections(instance_class: str) -> int | None:
    """About how many connections RDS lets an instance have by default; None if it is not known.

    Sources: "Quotas and constraints for Amazon RDS", LEAST({DBInstanceClassMemory/9531392}, 5000);
    "Hardware specifications for DB instance classes", of which x2iedn has twice as much memory.
    """
    match = _CLASS.fullmatch(instance_class)
    if not match or match[1] not in _GIB_FACTORS or match[3] not in _GIB:
        return None
    return _of_memory(_GIB[match[3]] * int(match[2] or 1) * _GIB_FACTORS[match[1]])


def _of_memory(gib: float) -> int:
    free = (gib - _OPERATING_SYSTEM_GIB) * 2**30
    return min(int(free / _BYTES_PER_CONNECTION), _MOST)


def _of_capacity(capacity: Capacity) -> int:
    """What follows from the most capacity units, whichever it has at the moment.

    Source: "Maximum connections for Aurora Serverless v2".
    """
    most = _of_memory(capacity.max * _GIB_PER_UNIT)
    return min(most, _MOST_FROM_SMALL) if capacity.min == 0.5 else most


def too_many_connections(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where one user could keep everybody else out."""
    for name, instance in declaration.instances.items():
        most = _connections_of(instance)
        if most and instance.connections_per_user > most - KEPT:
            yield (
                ("instances", name, "connections_per_user"),
                f"{instance.connections_per_user} would let one user keep all others out:"
                f" {_size(instance)} takes about {most} connections, of which {KEPT} are"
                f" kept for the master and RDS; allowed are {most - KEPT}",
            )


def crowded(declaration: Declaration, instance: str) -> str | None:
    """Why the users of ``instance`` together could leave nobody a connection, if they could."""
    declared = declaration.instances[instance]
    users = sum(grant.instance == instance for grant in grants(declaration))
    together, most = users * declared.connections_per_user, _connections_of(declared)
    if most is None or together <= most - KEPT:
        return None
    return (
        f"{users} users of up to {declared.connections_per_user} connections each may together have"
        f" {together} on {instance}, and {_size(declared)} takes about {most}: whoever"
        f" comes last may find none; with connections_per_user: {max((most - KEPT) // users, 1)}"
        " each has its own"
    )


def _connections_of(instance: Instance) -> int | None:
    # That of one that exists, and its parameters, are its owner's to know.
    if instance.existing:
        return None
    if instance.serverless:
        return _of_capacity(instance.serverless)
    return connections(instance.instance_class)


def _size(instance: Instance) -> str:
    if instance.serverless:
        return f"an instance of {instance.serverless.max:g} capacity units"
    return instance.instance_class
