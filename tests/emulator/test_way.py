"""What EC2 has in the way between who asks and a server, asked of the local AWS."""

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import pytest

from doctor.way import Obstacle, look
from proof.account import Account

PORT = 5432
ANYWHERE = "0.0.0.0/0"
CIDR = "10.0.0.0/16"  # of which the local AWS takes addresses, whatever the subnet has


@dataclass(frozen=True, kw_only=True)
class Place:
    """Two network interfaces in two subnets of a VPC: who asks, and a server."""

    ec2: Any
    vpc: str
    subnets: tuple[str, str]
    groups: tuple[str, str]
    addresses: tuple[IPv4Address, IPv4Address]

    def let(self, which: int, *, egress: bool = False, **to: Any) -> None:
        """Allow the server's port in a security group."""
        rule = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **to}
        act = (
            self.ec2.authorize_security_group_egress
            if egress
            else self.ec2.authorize_security_group_ingress
        )
        act(GroupId=self.groups[which], IpPermissions=[rule])

    def let_through(self) -> None:
        """Have both groups let the connection through."""
        self.let(0, egress=True, UserIdGroupPairs=[{"GroupId": self.groups[1]}])
        self.let(1, UserIdGroupPairs=[{"GroupId": self.groups[0]}])

    def route(self, which: int) -> None:
        """Have the route table of a subnet lead to the other, in a network of its own."""
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=self.subnets[which])
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=CIDR, GatewayId=gateway)

    def looked(self) -> Obstacle | str:
        here, there = self.addresses
        return look(self.ec2, here=here, there=there, port=PORT, vpc=self.vpc)

    def key(self) -> str:
        found = self.looked()
        assert isinstance(found, Obstacle), found
        return found.key


@pytest.fixture
def place(account: Account) -> Generator[Place]:
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    with ExitStack() as back:
        subnets, groups = list[str](), list[str]()
        addresses = list[IPv4Address]()
        for number, name in enumerate(("asking", "server")):
            made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24")
            subnets.append(made["Subnet"]["SubnetId"])
            group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
            groups.append(group["GroupId"])
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
            ec2.revoke_security_group_egress(GroupId=groups[-1], IpPermissions=[everything])
            interface = ec2.create_network_interface(SubnetId=subnets[-1], Groups=groups[-1:])
            found = interface["NetworkInterface"]
            addresses.append(IPv4Address(found["PrivateIpAddress"]))
            back.callback(
                ec2.delete_network_interface, NetworkInterfaceId=found["NetworkInterfaceId"]
            )
        yield Place(
            ec2=ec2,
            vpc=vpc,
            subnets=(subnets[0], subnets[1]),
            groups=(groups[0], groups[1]),
            addresses=(addresses[0], addresses[1]),
        )


def test_the_servers_group_and_that_of_who_asks_are_told_apart(place: Place) -> None:
    found = place.looked()
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("closed-group", place.groups[1])
    assert f"lets in port {PORT} from {place.addresses[0]}" in found.seen
    # Another port, and another group, are not enough.
    place.let(1, FromPort=5433, ToPort=5433, IpRanges=[{"CidrIp": ANYWHERE}])
    place.let(1, UserIdGroupPairs=[{"GroupId": place.groups[1]}])
    assert place.key() == "closed-group"
    place.let(1, IpRanges=[{"CidrIp": CIDR}])
    found = place.looked()
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("closed-group", place.groups[0])
    assert f"lets out port {PORT} to {place.addresses[1]}" in found.seen
    place.let(0, egress=True, IpProtocol="-1", IpRanges=[{"CidrIp": ANYWHERE}])
    assert place.key() == "no-path"


@pytest.mark.first(1)
@pytest.mark.parametrize("which", [0, 1])
def test_a_table_without_the_route_is_named(place: Place, which: int) -> None:
    place.let_through()
    place.route(1 - which)
    found = place.looked()
    assert isinstance(found, Obstacle)
    assert found.key == "no-path"
    place.route(which)
    found = place.looked()
    assert isinstance(found, str)
    assert found.startswith(f"EC2 shows nothing in the way from {place.addresses[0]} (eni-")


@pytest.mark.first(1)
@pytest.mark.parametrize("which", [0, 1])
def test_the_acl_of_a_subnet_that_lets_nothing_through_is_named(place: Place, which: int) -> None:
    place.let_through()
    place.route(0)
    place.route(1)
    assert isinstance(place.looked(), str)
    # A new one denies everything.
    acl = place.ec2.create_network_acl(VpcId=place.vpc)["NetworkAcl"]["NetworkAclId"]
    wanted = [{"Name": "vpc-id", "Values": [place.vpc]}]
    [association] = [
        one["NetworkAclAssociationId"]
        for found in place.ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]
        for one in found["Associations"]
        if one["SubnetId"] == place.subnets[which]
    ]
    place.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    found = place.looked()
    assert isinstance(found, Obstacle)
    assert (found.key, found.where) == ("closed-acl", acl)


def test_an_address_that_is_not_ec2s_is_told(place: Place) -> None:
    here, there = IPv4Address("192.168.1.5"), place.addresses[1]
    said = look(place.ec2, here=here, there=there, port=PORT, vpc=place.vpc)
    assert said == (
        "192.168.1.5, which asks, is no network interface that EC2 shows, so that what is on its "
        f"way cannot be told; the server's security groups are {place.groups[1]}"
    )
    said = look(place.ec2, here=there, there=here, port=PORT, vpc=place.vpc)
    assert said == f"EC2 shows no network interface of 192.168.1.5 in {place.vpc}"
