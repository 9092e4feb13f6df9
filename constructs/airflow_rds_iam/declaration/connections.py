"""How many connections an instance takes, and whether each user leaves some to the others."""

import re
from collections.abc import Iterator

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.model import Declaration, Instance

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


def connections(instance_class: str) -> int | None:
    """About how many connections RDS lets an instance have by default; None if it is not known.

    Sources: "Quotas and constraints for Amazon RDS", LEAST({DBInstanceClassMemory/9531392}, 5000);
    "Hardware specifications for DB instance classes", of which x2iedn has twice as much memory.
    """
    match = _CLASS.fullmatch(instance_class)
    if not match or match[1] not in _GIB_FACTORS or match[3] not in _GIB:
        return None
    gib = _GIB[match[3]] * int(match[2] or 1) * _GIB_FACTORS[match[1]] - _OPERATING_SYSTEM_GIB
    return min(int(gib * 2**30 / _BYTES_PER_CONNECTION), _MOST)


def too_many_connections(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where one user could keep everybody else out."""
    for name, instance in declaration.instances.items():
        most = _connections_of(instance)
        if most and instance.connections_per_user > most - KEPT:
            yield (
                ("instances", name, "connections_per_user"),
                f"{instance.connections_per_user} would let one user keep all others out:"
                f" {instance.instance_class} takes about {most} connections, of which {KEPT} are"
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
        f" {together} on {instance}, and {declared.instance_class} takes about {most}: whoever"
        f" comes last may find none; with connections_per_user: {max((most - KEPT) // users, 1)}"
        " each has its own"
    )


def _connections_of(instance: Instance) -> int | None:
    # That of one that exists, and its parameters, are its owner's to know.
    return None if instance.existing else connections(instance.instance_class)
