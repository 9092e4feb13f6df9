"""The network that is declared, and who may reach what is in it."""

from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.values import (
    Cidr,
    PrefixListId,
    Range,
    Reason,
    SecurityGroupId,
    Zone,
)

# Addresses that nobody on the internet has: RFC 1918, and RFC 6598, which EKS and providers use.
PRIVATE = tuple(
    IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
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
            return IPv4Network(self.range).overlaps(IPv4Network(other.range))
        return self.source == other.source

    @field_validator("range")
    @classmethod
    def _nobody_on_the_internet(cls, declared: str | None) -> str | None:
        if declared is None:
            return None
        try:
            network = ip_network(declared, strict=False)
        except ValueError:
            raise ValueError("is no range of addresses, such as 10.8.0.0/16") from None
        if not isinstance(network, IPv4Network):
            raise ValueError("must be an IPv4 range: the VPC has no IPv6")  # noqa: TRY004
        if not any(network.subnet_of(private) for private in PRIVATE):
            allowed = ", ".join(map(str, PRIVATE))
            raise ValueError(
                f"has addresses of the internet, which may not reach a database: must lie within "
                f"one of {allowed}"
            )
        if str(network) != declared:
            raise ValueError(f"must begin where a range of /{network.prefixlen} does: {network}")
        return declared

    @model_validator(mode="after")
    def _one_source(self) -> "Client":
        named = [source for source in SOURCES if getattr(self, source) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"must name exactly one of {', '.join(SOURCES)}; names {found}")
        return self


class Network(Model):
    """The VPC."""

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
            private = ", ".join(map(str, PRIVATE))
            raise ValueError(
                f"is of a range in which no machine has an address; private are {private}"
            )
        return cidr

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
