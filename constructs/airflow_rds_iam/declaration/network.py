"""The network that is declared, and who may reach what is in it."""

from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from airflow_rds_iam.declaration.existing_network import ExistingNetwork
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.ranges import PRIVATE, overlapping, private
from airflow_rds_iam.declaration.values import (
    Cidr,
    PrefixListId,
    Range,
    Reason,
    SecurityGroupId,
    Zone,
)

# "IANA IPv4 Special-Purpose Address Registry": this host, loopback, link-local, multicast and up.
NO_MACHINES = tuple(
    IPv4Network(one) for one in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
SOURCES = ("security_group", "prefix_list", "range")


class Client(Model):
    """Who may reach the databases and Airflow's private page: exactly one source, and why."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [source]} for source in SOURCES]}
    )

    security_group: SecurityGroupId | None = Field(
        default=None,
        description="A security group of this VPC, or of one that is peered with it in the "
        "region: `SecurityGroupIngress.SourceSecurityGroupId`.",
    )
    prefix_list: PrefixListId | None = Field(
        default=None,
        description="A prefix list of private ranges, which nothing here checks: "
        "`SecurityGroupIngress.SourcePrefixListId`.",
    )
    range: Range | None = Field(
        default=None,
        description="A private IPv4 range, such as that of a VPN: `SecurityGroupIngress.CidrIp`.",
    )
    because: Reason = Field(description="Why: `SecurityGroupIngress.Description`.")

    @property
    def source(self) -> str:
        """The one source that is named."""
        return self.security_group or self.prefix_list or self.range or ""

    def overlaps(self, other: "Client") -> bool:
        """Whether both let the same machines in, as far as their sources say."""
        if self.range and other.range:
            return overlapping(self.range, other.range)
        return self.source == other.source

    @field_validator("range")
    @classmethod
    def _nobody_on_the_internet(cls, declared: str | None) -> str | None:
        return private(declared) if declared else None

    @model_validator(mode="after")
    def _one_source(self) -> "Client":
        named = [source for source in SOURCES if getattr(self, source) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"must name exactly one of {', '.join(SOURCES)}; names {found}")
        return self


OF_ANY_NETWORK = {"existing", "clients", "egress"}
"""What is declared of a network, whoever made it."""


class Network(Model):
    """The VPC: a new one, or one that exists."""

    existing: ExistingNetwork | None = Field(
        default=None,
        description="The VPC, where it exists already; `clients` and `egress` alone go with it. "
        "Default: it is made.",
    )
    cidr: Cidr = Field(default="10.0.0.0/16", description="IPv4 range of the VPC: `VPC.CidrBlock`.")
    zones: list[Zone] = Field(
        default=["a", "b"],
        min_length=2,
        max_length=6,
        description="Letters of the availability zones: `Subnet.AvailabilityZone`. Airflow uses "
        "the first two.",
    )
    clients: list[Client] = Field(
        default=[],
        max_length=40,
        description="Who, beside Airflow, may reach each database's port and Airflow's private "
        "page. Each becomes a rule of their security groups; routing is yours.",
    )
    egress: Literal["nat", "endpoints"] = Field(
        default="endpoints",
        description="How Airflow reaches AWS: NAT gateways (and the internet), or VPC endpoints: "
        "`NatGateway`, `VPCEndpoint`.",
    )

    @property
    def zone_letters(self) -> list[str]:
        """Those of the subnets."""
        return [one.zone for one in self.existing.subnets] if self.existing else self.zones

    @property
    def ranges(self) -> list[str]:
        """Of the VPC's addresses, as far as they are declared."""
        return self.existing.ranges if self.existing else [self.cidr]

    @field_validator("cidr")
    @classmethod
    def _cidr_is_a_network(cls, cidr: str) -> str:
        try:
            network = IPv4Network(cidr, strict=False)
        except ValueError:
            raise ValueError("must have four numbers of 0 to 255 before its /") from None
        if str(network) != cidr:
            raise ValueError(f"must begin where a range of /{network.prefixlen} does: {network}")
        if any(network.subnet_of(one) for one in NO_MACHINES):
            allowed = ", ".join(map(str, PRIVATE))
            raise ValueError(
                f"is of a range in which no machine has an address; private are {allowed}"
            )
        return cidr

    @model_validator(mode="after")
    def _nothing_of_what_exists_is_changed(self) -> "Network":
        if self.existing:
            self.refuse_beside_existing("a network", allowed=OF_ANY_NETWORK)
        return self

    @model_validator(mode="after")
    def _zones_differ(self) -> "Network":
        if len(set(self.zones)) < len(self.zones):
            raise ValueError(f"zones must differ, not {self.zones}")
        return self

    @model_validator(mode="after")
    def _clients_differ(self) -> "Network":
        for one, other in combinations(self.clients, 2):
            if one.overlaps(other):
                raise ValueError(
                    f"clients must differ: {other.source} is let in by {one.source} already"
                )
        return self

    @model_validator(mode="after")
    def _endpoints_fit(self) -> "Network":
        # Half of the range is split among the zones; a subnet of /28 has 11 addresses to give.
        if int(self.cidr[-2:]) + 1 + (len(self.zones) - 1).bit_length() > 27:
            raise ValueError(f"cidr {self.cidr} is too small for {len(self.zones)} zones")
        return self
