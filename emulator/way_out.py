"""Which of AWS's services a function inside a VPC reaches: by NAT, or by interface endpoints.

Sources: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC";
AWS PrivateLink guide, "Access an AWS service using an interface VPC endpoint".
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from emulator.engine import Emulator
from emulator.ministack.functions import Function
from emulator.way_through import permitted

_HTTPS = 443
_ANYWHERE = "0.0.0.0/0"
# What botocore calls the services that PrivateLink has endpoints of, in variables.
_IN_VARIABLES = {
    "ec2": "EC2",
    "kms": "KMS",
    "lambda": "LAMBDA",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "rds": "RDS",
    "secretsmanager": "SECRETS_MANAGER",
    "sqs": "SQS",
    "sts": "STS",
}

Record = Mapping[str, Any]


def endpoints(emulator: Emulator, function: Function, *, nowhere: str) -> dict[str, str]:
    """The variables that say where `function` finds AWS: `nowhere` is what has no way to it."""
    here = emulator.endpoint
    if not function.subnets:
        return {"AWS_ENDPOINT_URL": here}
    end = _End(emulator, subnets=function.subnets, groups=function.security_groups)
    found = {"AWS_ENDPOINT_URL": here if end.has_nat() else nowhere}
    for service, lets_in in end.by_endpoint():
        if service in _IN_VARIABLES:
            # Its name is the endpoint's in the whole VPC, whomever that lets in.
            found[f"AWS_ENDPOINT_URL_{_IN_VARIABLES[service]}"] = here if lets_in else nowhere
    return found


class _End:
    """Where network interfaces are, and what their security groups let through."""

    def __init__(
        self, emulator: Emulator, *, subnets: Iterable[str], groups: Iterable[str]
    ) -> None:
        self._emulator = emulator
        self._groups = frozenset(groups)
        self._subnets = {name: emulator.store("ec2", "_subnets")[name] for name in subnets}
        [self._vpc] = {one["VpcId"] for one in self._subnets.values()}

    def has_nat(self) -> bool:
        """Whether it gets out to the internet, from whichever of its subnets."""
        out = any(
            one["CidrIp"] == _ANYWHERE for one in self._permitted("IpPermissionsEgress", "IpRanges")
        )
        return out and all(self._leads_out(subnet) for subnet in self._subnets)

    def by_endpoint(self) -> Iterator[tuple[str, bool]]:
        """Each service that the VPC has an endpoint of, and whether that is reached."""
        for one in self._emulator.store("ec2", "_vpc_endpoints").values():
            if one["VpcId"] == self._vpc and one.get("PrivateDnsEnabled"):
                other = _End(
                    self._emulator, subnets=one["SubnetIds"], groups=one["SecurityGroupIds"]
                )
                reached = other._permits("IpPermissions", self) and self._permits(
                    "IpPermissionsEgress", other
                )
                yield one["ServiceName"].rpartition(".")[2], reached

    def _permits(self, direction: str, other: "_End") -> bool:
        by_group = any(
            one["GroupId"] in other._groups
            for one in self._permitted(direction, "UserIdGroupPairs")
        )
        ranges = [ip_network(one["CidrIp"]) for one in self._permitted(direction, "IpRanges")]
        return by_group or all(
            any(ip_network(subnet["CidrBlock"]).subnet_of(one) for one in ranges)  # pyright: ignore[reportArgumentType]
            for subnet in other._subnets.values()
        )

    def _permitted(self, direction: str, peers: str) -> Iterator[Record]:
        """Whom the groups let through at the port, of one kind of peer."""
        for rule in permitted(self._emulator, self._groups, direction, _HTTPS):
            yield from rule.get(peers, ())

    def _leads_out(self, subnet: str) -> bool:
        tables = self._emulator.store("ec2", "_route_tables").values()
        own = [t for t in tables if any(a.get("SubnetId") == subnet for a in t["Associations"])]
        main = [
            t
            for t in tables
            if t["VpcId"] == self._vpc and any(a.get("Main") for a in t["Associations"])
        ]
        return any(
            route.get("DestinationCidrBlock") == _ANYWHERE and route.get("NatGatewayId")
            for table in own or main
            for route in table["Routes"]
        )
