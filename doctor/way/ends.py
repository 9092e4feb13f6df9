"""The two ends of a way, and what drops a connection between them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """What drops the connection.

    Attributes:
        key: of the cause.
        seen: what EC2 shows, in words.
        where: the thing that is to be changed.
    """

    key: str
    seen: str
    where: str


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of the way: a network interface of EC2's.

    Attributes:
        groups: the ids of its security groups.
    """

    id: str
    address: IPv4Address
    vpc: str
    subnet: str
    groups: frozenset[str]

    def __str__(self) -> str:
        return f"{self.address} ({self.id})"


def all_of(describe: Callable[..., Any], kind: str, *ends: End) -> list[Record]:
    """What EC2 describes of the ends' VPCs."""
    wanted = [{"Name": "vpc-id", "Values": sorted({end.vpc for end in ends})}]
    return describe(Filters=wanted)[kind]


def of_subnet(records: Iterable[Record], end: End) -> Record | None:
    """The record that is associated with the end's subnet, or else the main one of its VPC."""
    own = [one for one in records if one.get("VpcId") == end.vpc]
    for key, value in (("SubnetId", end.subnet), ("Main", True)):
        for record in own:
            if any(one.get(key) == value for one in record.get("Associations", ())):
                return record
    return None
