"""What can be wrong between two subnets, each brought about by EC2's own calls."""

from collections.abc import Generator
from contextlib import contextmanager

from proof.faults.vpc import Around, End, Vpc, table, vpc_of


@contextmanager
def without_ingress(vpc: Vpc) -> Generator[None]:
    """The server's group without its rules for who asks."""
    with _revoked(vpc, vpc.server, "ingress", "IpPermissions"):
        yield


@contextmanager
def without_egress(vpc: Vpc) -> Generator[None]:
    """The group of who asks without a rule that lets out."""
    with _revoked(vpc, vpc.asking, "egress", "IpPermissionsEgress"):
        yield


def deny(of: str, *, egress: bool, ports: tuple[int, int] | None, number: int = 1) -> Around:
    """A network ACL that lets everything through but for what a rule of it denies.

    Args:
        of: the end whose subnet it is of, ``asking`` or ``server``.
        egress: whether the rule is of what leaves the subnet.
        ports: the first and the last; the server's own if None.
        number: the rule's; 100 is what lets through.
    """

    @contextmanager
    def around(vpc: Vpc) -> Generator[None]:
        first, last = ports or (vpc.port, vpc.port)
        rule = {"RuleNumber": number, "Egress": egress, "CidrBlock": "0.0.0.0/0"}
        with _acl(vpc, getattr(vpc, of)) as acl:
            vpc.ec2.create_network_acl_entry(
                NetworkAclId=acl,
                **rule,
                Protocol="6",
                RuleAction="deny",
                PortRange={"From": first, "To": last},
            )
            yield

    return around


def without_route(of: str) -> Around:
    """An end's route table without the route to the other's address."""

    @contextmanager
    def around(vpc: Vpc) -> Generator[None]:
        end, other = (vpc.asking, vpc.server) if of == "asking" else (vpc.server, vpc.asking)
        found = table(vpc, end)
        way = {"RouteTableId": found["RouteTableId"], "DestinationCidrBlock": other.range}
        [route] = [one for one in found["Routes"] if one["DestinationCidrBlock"] == other.range]
        vpc.ec2.delete_route(**way)
        try:
            yield
        finally:
            vpc.ec2.create_route(**way, VpcPeeringConnectionId=route["VpcPeeringConnectionId"])

    return around


@contextmanager
def ended_peering(vpc: Vpc) -> Generator[None]:
    """The peering connection deleted, as by the other side, and the routes to it left."""
    [route] = [
        one
        for one in table(vpc, vpc.asking)["Routes"]
        if one["DestinationCidrBlock"] == vpc.server.range
    ]
    vpc.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=route["VpcPeeringConnectionId"])
    yield


@contextmanager
def _revoked(vpc: Vpc, end: End, way: str, key: str) -> Generator[None]:
    found = vpc.ec2.describe_security_groups(GroupIds=end.groups)["SecurityGroups"]
    rules = [
        {"GroupId": group["GroupId"], "IpPermissions": group[key]} for group in found if group[key]
    ]
    for rule in rules:
        getattr(vpc.ec2, f"revoke_security_group_{way}")(**rule)
    try:
        yield
    finally:
        for rule in rules:
            getattr(vpc.ec2, f"authorize_security_group_{way}")(**rule)


@contextmanager
def _acl(vpc: Vpc, end: End) -> Generator[str]:
    """An end's subnet with a network ACL of its own, which lets everything through."""
    acl = vpc.ec2.create_network_acl(VpcId=vpc_of(vpc, end))["NetworkAcl"]["NetworkAclId"]
    for egress in (True, False):
        rule = {"RuleNumber": 100, "Egress": egress, "CidrBlock": "0.0.0.0/0"}
        vpc.ec2.create_network_acl_entry(
            NetworkAclId=acl, Protocol="-1", RuleAction="allow", **rule
        )
    old = _associate(vpc, end, acl)
    try:
        yield acl
    finally:
        _associate(vpc, end, old)
        vpc.ec2.delete_network_acl(NetworkAclId=acl)


def _associate(vpc: Vpc, end: End, acl: str) -> str:
    """The network ACL that the subnet had."""
    [(old, association)] = [
        (one["NetworkAclId"], each["NetworkAclAssociationId"])
        for one in vpc.ec2.describe_network_acls()["NetworkAcls"]
        for each in one["Associations"]
        if each["SubnetId"] == end.subnet
    ]
    vpc.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    return old
