"""The first thing in the way, as far as EC2 may be asked."""

from ipaddress import IPv4Address
from typing import Any

from doctor.way import acls, groups, routes
from doctor.way.ends import End, Obstacle, Record


def look(ec2: Any, *, here: IPv4Address, there: IPv4Address, port: int, vpc: str) -> Obstacle | str:
    """The first obstacle on the way to a server and back, or what can be said in its place.

    Args:
        ec2: a boto3 client; it calls DescribeNetworkInterfaces, DescribeSecurityGroups,
            DescribeRouteTables, DescribeNetworkAcls and, where a route leads to one,
            DescribeNatGateways.
        here: the address that asks.
        there: the server's.
        port: the server's.
        vpc: the server's.

    Raises:
        ClientError: the caller may not ask.
    """
    server = _end(ec2, there, vpc)
    if server is None:
        return f"EC2 shows no network interface of {there} in {vpc}"
    asking = _end(ec2, here, vpc)
    if asking is None:
        named = ", ".join(sorted(server.groups))
        return groups.closed(ec2, None, server, port) or (
            f"{here}, which asks, is no network interface that EC2 shows, so that what is on its "
            f"way cannot be told; the server's security groups are {named}"
        )
    # Without a path between two VPCs no rule helps.
    return (
        routes.missing(ec2, asking, server)
        or groups.closed(ec2, asking, server, port)
        or acls.closed(ec2, asking, server, port)
        or f"EC2 shows nothing in the way from {asking} to {server}: no route table, security group"
        " or network ACL"
    )


def _end(ec2: Any, address: IPv4Address, vpc: str) -> End | None:
    wanted = [{"Name": "addresses.private-ip-address", "Values": [str(address)]}]
    found = [
        End(
            id=one["NetworkInterfaceId"],
            address=address,
            vpc=one["VpcId"],
            subnet=one["SubnetId"],
            groups=frozenset(group["GroupId"] for group in one["Groups"]),
        )
        for one in ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]
        if str(address) in _addresses(one)
    ]
    same = [one for one in found if one.vpc == vpc]
    # In another VPC, which is peered, say, there must be one alone.
    [end] = same[:1] or (found if len(found) == 1 else [None])
    return end


def _addresses(interface: Record) -> set[str]:
    others = (one["PrivateIpAddress"] for one in interface.get("PrivateIpAddresses", ()))
    return {interface.get("PrivateIpAddress", ""), *others}
