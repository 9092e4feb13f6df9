"""What EC2 has in the way between who asks and a server, asked of the local AWS.

The network says by itself whether it lets a connection through; the doctor reads what is described.
"""

import random
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import pytest

from doctor.way.ends import Obstacle
from doctor.way.look import look
from proof.account import Account

pytestmark = pytest.mark.slow

PORT = 5432
ANYWHERE = "0.0.0.0/0"
ENDS = (0, 1)  # who asks, and the server


@dataclass(frozen=True, kw_only=True)
class Place:
    """Two network interfaces in two subnets, of one VPC or of two that are peered."""

    account: Account
    ec2: Any
    vpcs: tuple[str, str]
    subnets: tuple[str, str]
    groups: tuple[str, str]
    interfaces: tuple[str, str]
    addresses: tuple[IPv4Address, IPv4Address]

    def let(self, which: int, *, egress: bool = False, **to: Any) -> None:
        """Allow the server's port in a security group."""
        rule = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **to}
        way = "egress" if egress else "ingress"
        act = getattr(self.ec2, f"authorize_security_group_{way}")
        act(GroupId=self.groups[which], IpPermissions=[rule])

    def let_through(self) -> None:
        """Have both groups let the connection through."""
        self.let(0, egress=True, IpRanges=[{"CidrIp": f"{self.addresses[1]}/32"}])
        self.let(1, UserIdGroupPairs=[{"GroupId": self.groups[0]}])

    def route(self, which: int) -> None:
        """Have the route table of a subnet lead to the other VPC."""
        ways = self.ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        [peering] = [
            one["VpcPeeringConnectionId"]
            for one in ways
            if one["RequesterVpcInfo"]["VpcId"] == self.vpcs[0]
        ]
        table = self.ec2.create_route_table(VpcId=self.vpcs[which])["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=self.subnets[which])
        self.ec2.create_route(
            RouteTableId=table,
            DestinationCidrBlock=f"10.{2 - which}.0.0/16",
            VpcPeeringConnectionId=peering,
        )

    def acl(self, which: int) -> str:
        """Give a subnet a network ACL of its own, which denies everything."""
        made = self.ec2.create_network_acl(VpcId=self.vpcs[which])["NetworkAcl"]
        [association] = [
            one["NetworkAclAssociationId"]
            for found in self.ec2.describe_network_acls()["NetworkAcls"]
            for one in found["Associations"]
            if one["SubnetId"] == self.subnets[which]
        ]
        self.ec2.replace_network_acl_association(
            AssociationId=association, NetworkAclId=made["NetworkAclId"]
        )
        return made["NetworkAclId"]

    def allow(
        self, acl: str, number: int, *, egress: bool, ports: Any = None, action: str = "allow"
    ) -> None:
        """A rule of a network ACL, for TCP if it has ports."""
        of = {"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {}
        self.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=number,
            Protocol="6" if ports else "-1",
            RuleAction=action,
            Egress=egress,
            CidrBlock=ANYWHERE,
            **of,
        )

    def looked(self) -> Obstacle | str:
        """What the doctor sees, which must be what the network does."""
        here, there = self.addresses
        found = look(self.ec2, here=here, there=there, port=PORT, vpc=self.vpcs[1])
        is_open = self.account.gets_through(*self.interfaces, PORT)
        assert is_open == isinstance(found, str), found
        return found

    def obstacle(self) -> Obstacle:
        found = self.looked()
        assert isinstance(found, Obstacle), found
        return found


def _place(account: Account, ec2: Any, stack: ExitStack, *, peered: bool) -> Place:
    vpcs = [ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]]
    vpcs.append(ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"] if peered else vpcs[0])
    if peered:
        made = ec2.create_vpc_peering_connection(VpcId=vpcs[0], PeerVpcId=vpcs[1])
        name = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=name)
    subnets, groups, interfaces, addresses = list[str](), list[str](), list[str](), list[str]()
    for which, vpc in enumerate(vpcs):
        block = f"10.{1 + which * peered}.{which}.0/24"
        subnets.append(ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"])
        name = f"end-{which}"
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
        groups.append(group["GroupId"])
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
        ec2.revoke_security_group_egress(GroupId=groups[-1], IpPermissions=[everything])
        made = ec2.create_network_interface(SubnetId=subnets[-1], Groups=groups[-1:])
        interfaces.append(made["NetworkInterface"]["NetworkInterfaceId"])
        addresses.append(made["NetworkInterface"]["PrivateIpAddress"])
        stack.callback(ec2.delete_network_interface, NetworkInterfaceId=interfaces[-1])
    here, there = map(IPv4Address, addresses)
    return Place(
        account=account,
        ec2=ec2,
        vpcs=(vpcs[0], vpcs[1]),
        subnets=(subnets[0], subnets[1]),
        groups=(groups[0], groups[1]),
        interfaces=(interfaces[0], interfaces[1]),
        addresses=(here, there),
    )


@pytest.fixture(scope="module")
def ec2(account: Account) -> Any:
    return account.client("ec2")


@pytest.fixture
def place(account: Account, ec2: Any) -> Generator[Place]:
    with ExitStack() as stack:
        yield _place(account, ec2, stack, peered=False)


@pytest.fixture
def peered(account: Account, ec2: Any) -> Generator[Place]:
    with ExitStack() as stack:
        yield _place(account, ec2, stack, peered=True)


def test_an_interface_has_an_address_of_its_subnet(place: Place) -> None:
    assert place.addresses == (IPv4Address("10.1.0.4"), IPv4Address("10.1.1.4"))


def test_the_servers_group_and_that_of_who_asks_are_told_apart(place: Place) -> None:
    found = place.obstacle()
    assert (found.key, found.where) == ("closed-group", place.groups[1])
    assert f"lets in port {PORT} from {place.addresses[0]}" in found.seen
    # Another port, and another group, are not enough.
    place.let(1, FromPort=5433, ToPort=5433, IpRanges=[{"CidrIp": ANYWHERE}])
    place.let(1, UserIdGroupPairs=[{"GroupId": place.groups[1]}])
    assert place.obstacle().key == "closed-group"
    place.let(1, IpRanges=[{"CidrIp": "10.1.0.0/24"}])
    found = place.obstacle()
    assert (found.key, found.where) == ("closed-group", place.groups[0])
    assert f"lets out port {PORT} to {place.addresses[1]}" in found.seen
    place.let(0, egress=True, IpProtocol="-1", IpRanges=[{"CidrIp": ANYWHERE}])
    assert str(place.looked()).startswith(f"EC2 shows nothing in the way from {place.addresses[0]}")


@pytest.mark.first(1)
@pytest.mark.parametrize("which", ENDS)
def test_a_table_without_the_route_is_named(peered: Place, which: int) -> None:
    peered.let_through()
    peered.route(1 - which)
    found = peered.obstacle()
    assert (found.key, "has none" in found.seen) == ("no-path", True)
    assert f"from {peered.addresses[which]}" in found.seen
    peered.route(which)
    assert isinstance(peered.looked(), str)


def test_without_a_path_no_rule_is_named(peered: Place) -> None:
    assert peered.obstacle().key == "no-path"


def test_a_peering_connection_that_was_deleted_is_a_route_that_leads_nowhere(peered: Place) -> None:
    peered.let_through()
    for which in ENDS:
        peered.route(which)
    for one in peered.ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]:
        name = one["VpcPeeringConnectionId"]
        peered.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=name)
    assert "leads 10.2.0.0/16 nowhere (blackhole)" in peered.obstacle().seen


@pytest.mark.first(1)
@pytest.mark.parametrize("which", ENDS)
def test_the_acl_of_a_subnet_that_lets_nothing_through_is_named(place: Place, which: int) -> None:
    place.let_through()
    assert isinstance(place.looked(), str)
    acl = place.acl(which)
    found = place.obstacle()
    assert (found.key, found.where) == ("closed-acl", acl)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_an_obstacle_is_seen_where_the_network_has_one(
    account: Account, ec2: Any, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    with ExitStack() as stack:
        place = _place(account, ec2, stack, peered=chance.random() < 0.5)
        if place.vpcs[0] != place.vpcs[1]:
            for which in chance.choice(((0, 1), (0, 1), (0, 1), (0,), (1,))):
                place.route(which)
        if chance.random() < 0.8:
            place.let_through()
        for which in chance.choice(((), (0,), (1,), (0, 1))):
            acl = place.acl(which)
            for egress in (True, False):
                for number in chance.sample(range(1, 300), chance.randint(1, 4)):
                    ports = chance.choice((None, None, (PORT, PORT), (1024, 65535), (80, 443)))
                    action = chance.choice(("allow", "allow", "deny"))
                    place.allow(acl, number, egress=egress, ports=ports, action=action)
        place.looked()


def test_an_address_that_is_not_ec2s_is_told(place: Place) -> None:
    here, there = IPv4Address("192.168.1.5"), place.addresses[1]

    def said() -> Obstacle | str:
        return look(place.ec2, here=here, there=there, port=PORT, vpc=place.vpcs[1])

    found = said()
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("closed-group", place.groups[1])
    assert f"lets in port {PORT} from anybody" in found.seen
    place.let_through()
    assert said() == (
        "192.168.1.5, which asks, is no network interface that EC2 shows, so that what is on its "
        f"way cannot be told; the server's security groups are {place.groups[1]}"
    )
    elsewhere = look(place.ec2, here=there, there=here, port=PORT, vpc=place.vpcs[1])
    assert elsewhere == f"EC2 shows no network interface of 192.168.1.5 in {place.vpcs[1]}"


def test_a_rule_of_a_network_acl_says_its_ports(place: Place) -> None:
    acl = place.acl(0)
    place.allow(acl, 100, egress=True, ports=(1024, 65535))
    [found] = place.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    [rule] = [one for one in found["Entries"] if one["RuleNumber"] == 100]
    assert rule["PortRange"] == {"From": 1024, "To": 65535}
    with pytest.raises(place.ec2.exceptions.ClientError, match="already exists"):
        place.allow(acl, 100, egress=True)
