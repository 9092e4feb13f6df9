"""Network ACLs and routes as EC2 describes them, of which one rule alone is wrong."""

from copy import deepcopy
from ipaddress import IPv4Address
from typing import Any

import pytest

from doctor.way.ends import Obstacle
from doctor.way.look import look

PORT = 5432
ANYWHERE = "0.0.0.0/0"
OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}], "UserIdGroupPairs": []}


def rule(number: int, action: str, *, egress: bool, ports: tuple[int, int] | None) -> Any:
    """A rule of a network ACL, for TCP if it has ports."""
    found: dict[str, Any] = {
        "RuleNumber": number, "RuleAction": action, "Egress": egress, "CidrBlock": ANYWHERE,
        "Protocol": "6" if ports else "-1",
    }  # fmt: skip
    return {**found, "PortRange": {"From": ports[0], "To": ports[1]}} if ports else found


def acl(subnet: str, *rules: Any) -> dict[str, Any]:
    """The network ACL of a subnet, with the last rules that each has."""
    last = [rule(32767, "deny", egress=egress, ports=None) for egress in (True, False)]
    return {
        "NetworkAclId": f"acl-{subnet}", "VpcId": "vpc-1", "Entries": [*last, *rules],
        "Associations": [{"SubnetId": f"subnet-{subnet}"}],
    }  # fmt: skip


def let(*, egress: bool, ports: tuple[int, int] | None = None, number: int = 100) -> Any:
    return rule(number, "allow", egress=egress, ports=ports)


ALL = (let(egress=True), let(egress=False))
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "State": "active"}


class Ec2:
    """What EC2 describes of two interfaces in two subnets, or of one VPC each."""

    def __init__(self, *acls: Any, subnets: str = "as", vpcs: str = "11") -> None:
        self.acls = [*acls]
        self.routes = {"main": [LOCAL]}
        self.interfaces = [
            {
                "NetworkInterfaceId": f"eni-{name}", "PrivateIpAddress": f"10.0.{number}.9",
                "VpcId": f"vpc-{vpc}", "SubnetId": f"subnet-{subnet}",
                "Groups": [{"GroupId": "sg-1"}],
            }
            for number, (name, subnet, vpc) in enumerate(zip("as", subnets, vpcs, strict=True))
        ]  # fmt: skip

    def describe_network_interfaces(self, Filters: Any) -> Any:  # noqa: N803
        [address] = Filters[0]["Values"]
        return {
            "NetworkInterfaces": [
                one for one in self.interfaces if one["PrivateIpAddress"] == address
            ]
        }

    def describe_security_groups(self, **_: Any) -> Any:
        group = {"GroupId": "sg-1", "IpPermissions": [OPEN], "IpPermissionsEgress": [OPEN]}
        return {"SecurityGroups": [group]}

    def describe_route_tables(self, **_: Any) -> Any:
        return {
            "RouteTables": [
                {
                    "RouteTableId": f"rtb-{name}", "VpcId": "vpc-1", "Routes": routes,
                    "Associations": [{"Main": True} if name == "main" else {"SubnetId": name}],
                }
                for name, routes in self.routes.items()
            ]
        }  # fmt: skip

    def describe_network_acls(self, **_: Any) -> Any:
        return {"NetworkAcls": self.acls}


def looked(ec2: Ec2) -> Obstacle | str:
    here, there = IPv4Address("10.0.0.9"), IPv4Address("10.0.1.9")
    return look(ec2, here=here, there=there, port=PORT, vpc="vpc-1")


CLIENTS = (32768, 60999)
EXACT = (
    acl("a", let(egress=True, ports=(PORT, PORT)), let(egress=False, ports=CLIENTS)),
    acl("s", let(egress=False, ports=(PORT, PORT)), let(egress=True, ports=CLIENTS)),
)


def test_acls_that_let_no_more_through_than_the_connection_are_not_in_its_way() -> None:
    assert str(looked(Ec2(*EXACT))).startswith("EC2 shows nothing in the way from 10.0.0.9 (eni-a)")


@pytest.mark.parametrize(("which", "entry"), [(0, 2), (0, 3), (1, 2), (1, 3)])
@pytest.mark.parametrize("how", ["gone", "denied", "other-ports", "other-range"])
def test_each_rule_of_either_acl_is_missed_by_itself(which: int, entry: int, how: str) -> None:
    acls = deepcopy([*EXACT])
    changed = acls[which]["Entries"][entry]
    egress, last = changed["Egress"], "*"
    if how == "gone":
        del acls[which]["Entries"][entry]
    elif how == "denied":
        acls[which]["Entries"].append(rule(50, "deny", egress=egress, ports=None))
        last = "50"
    elif how == "other-ports":
        changed["PortRange"] = {"From": 80, "To": 443}
    else:
        changed["CidrBlock"] = "10.9.0.0/16"
    found = looked(Ec2(*acls))
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("closed-acl", acls[which]["NetworkAclId"])
    assert f"rule {last} of {found.where}" in found.seen
    assert ("out to" if egress else "in from") in found.seen


def test_a_rule_of_a_lower_number_decides() -> None:
    acls = deepcopy([*EXACT])
    acls[1]["Entries"].append(rule(200, "deny", egress=False, ports=None))
    assert isinstance(looked(Ec2(*acls)), str)


def test_what_stays_in_a_subnet_passes_no_acl() -> None:
    assert isinstance(looked(Ec2(acl("a"), subnets="aa")), str)


def test_a_route_that_leads_nowhere_is_named_where_it_is_the_nearest() -> None:
    ec2 = Ec2(acl("a", *ALL), acl("s", *ALL))
    ec2.routes["subnet-a"] = [
        {"DestinationCidrBlock": ANYWHERE, "State": "active"},
        {"DestinationCidrBlock": "10.0.1.0/24", "State": "blackhole"},
        {"DestinationPrefixListId": "pl-1", "State": "active"},
    ]
    found = looked(ec2)
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("no-path", "rtb-subnet-a")
    assert "leads 10.0.1.0/24 nowhere (blackhole)" in found.seen
    ec2.routes["subnet-a"].append({"DestinationCidrBlock": "10.0.1.9/32", "State": "active"})
    assert isinstance(looked(ec2), str)


def test_of_two_interfaces_with_one_address_that_of_the_servers_vpc_is_meant() -> None:
    ec2 = Ec2(acl("a", *ALL), acl("s", *ALL))
    double = {**ec2.interfaces[0], "VpcId": "vpc-2", "NetworkInterfaceId": "eni-x"}
    ec2.interfaces.insert(0, double)
    assert "eni-a" in str(looked(ec2))
    # Of two others, nobody can say which.
    ec2.interfaces[1] = {**double, "VpcId": "vpc-3"}
    assert "is no network interface that EC2 shows" in str(looked(ec2))


def test_a_rule_for_a_prefix_list_may_be_the_one() -> None:
    class WithList(Ec2):
        def describe_security_groups(self, **_: Any) -> Any:
            listed = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "PrefixListIds": ["p"]}
            group = {"GroupId": "sg-1", "IpPermissions": [listed], "IpPermissionsEgress": [OPEN]}
            return {"SecurityGroups": [group]}

    assert isinstance(looked(WithList(acl("a", *ALL), acl("s", *ALL))), str)


def test_a_rule_that_denies_some_of_the_answers_is_named() -> None:
    acls = deepcopy([*EXACT])
    acls[0]["Entries"].append(rule(50, "deny", egress=False, ports=(40000, 41000)))
    found = looked(Ec2(*acls))
    assert isinstance(found, Obstacle)
    assert "rule 50 of acl-a" in found.seen
    assert "lets port 40000 not in" in found.seen


class Apart(Ec2):
    """What EC2 describes of two interfaces in two VPCs, with a route table of each."""

    def __init__(self, *routes: dict[str, str], nat: str = "public") -> None:
        super().__init__(vpcs="21")
        self.asking = [{"State": "active", **route} for route in routes]
        self.nat = nat

    def describe_route_tables(self, **_: Any) -> Any:
        back = {"DestinationCidrBlock": "10.0.0.0/24", "State": "active", "TransitGatewayId": "t"}
        return {
            "RouteTables": [
                {
                    "RouteTableId": f"rtb-{vpc}", "VpcId": vpc, "Routes": routes,
                    "Associations": [{"Main": True}],
                }
                for vpc, routes in (("vpc-2", self.asking), ("vpc-1", [back]))
            ]
        }  # fmt: skip

    def describe_nat_gateways(self, NatGatewayIds: list[str]) -> Any:  # noqa: N803
        assert NatGatewayIds == ["nat-1"]
        return {"NatGateways": [{"ConnectivityType": self.nat}]}


DEFAULT = {"DestinationCidrBlock": ANYWHERE}
OWN = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
SERVICE = {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-1"}


@pytest.mark.parametrize(
    ("ec2", "said"),
    [
        (Apart(), "has none"),
        (Apart(SERVICE), "has none"),
        (Apart({**DEFAULT, "GatewayId": "igw-1"}), f"has none but {ANYWHERE}, which leads to the"),
        (Apart({**DEFAULT, "NatGatewayId": "nat-1"}), f"has none but {ANYWHERE}, which leads to"),
        (Apart(OWN), "leads 10.0.0.0/16 to its own VPC, whose range has the address, too"),
    ],
)
def test_what_leads_to_the_internet_leads_to_no_other_vpc(ec2: Apart, said: str) -> None:
    found = looked(ec2)
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("no-path", "rtb-vpc-2")
    assert said in found.seen


@pytest.mark.parametrize(
    "ec2",
    [
        Apart({**DEFAULT, "NatGatewayId": "nat-1"}, nat="private"),
        Apart({**DEFAULT, "TransitGatewayId": "tgw-1"}),
        Apart({"DestinationPrefixListId": "pl-offices", "TransitGatewayId": "tgw-1"}),
    ],
)
def test_what_may_lead_to_another_vpc_is_no_obstacle(ec2: Apart) -> None:
    assert "nothing in the way" in str(looked(ec2))


def test_nobody_is_let_in_by_a_group_without_a_rule_for_the_port() -> None:
    class Shut(Ec2):
        def describe_security_groups(self, **_: Any) -> Any:
            group: dict[str, Any] = {"GroupId": "sg-1", "IpPermissions": []}
            return {"SecurityGroups": [group]}

    ec2 = Shut()
    del ec2.interfaces[0]  # who asks is on no interface of EC2's, as over a VPN
    found = looked(ec2)
    assert isinstance(found, Obstacle)
    assert found.key == "closed-group"
    assert f"lets in port {PORT} from anybody" in found.seen
