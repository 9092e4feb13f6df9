"""What EC2 has in the way between who asks and a server: groups, routes, network ACLs.

Sources: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups",
"Configure route tables", "Control subnet traffic with network access control lists".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network
from typing import Any

Record = Mapping[str, Any]
# The ports that Linux takes for a client (net.ipv4.ip_local_port_range).
CLIENT_PORTS = (32768, 60999)
LAST = 32767  # of each network ACL, shown as an asterisk, which denies


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


def look(ec2: Any, *, here: IPv4Address, there: IPv4Address, port: int, vpc: str) -> Obstacle | str:
    """The first obstacle on the way to a server and back, or what can be said in its place.

    Args:
        ec2: a boto3 client; it calls DescribeNetworkInterfaces, DescribeSecurityGroups,
            DescribeRouteTables and DescribeNetworkAcls.
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
        groups = ", ".join(sorted(server.groups))
        return (
            f"{here}, which asks, is no network interface that EC2 shows, so that what is on its "
            f"way cannot be told; the server's security groups are {groups}"
        )
    return (
        _groups(ec2, asking, server, port)
        or _routes(ec2, asking, server)
        or _acls(ec2, asking, server, port)
        or f"EC2 shows nothing in the way from {asking} to {server}"
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


def _groups(ec2: Any, asking: End, server: End, port: int) -> Obstacle | None:
    ids = sorted(asking.groups | server.groups)
    found = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    for end, other, key, verb in (
        (server, asking, "IpPermissions", "lets in"),
        (asking, server, "IpPermissionsEgress", "lets out"),
    ):
        rules = [rule for group in found if group["GroupId"] in end.groups for rule in group[key]]
        if not any(_covers(rule, port) and _is_of(rule, other) for rule in rules):
            named = ", ".join(sorted(end.groups))
            to = "from" if verb == "lets in" else "to"
            return Obstacle(
                key="closed-group",
                seen=f"no rule of {named}, of {end}, {verb} port {port} {to} {other} with "
                f"{', '.join(sorted(other.groups))}",
                where=named,
            )
    return None


def _covers(rule: Record, port: int) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"]


def _is_of(rule: Record, end: End) -> bool:
    # What is in a prefix list is not looked up: it may be the one.
    return (
        any(end.address in ip_network(one["CidrIp"]) for one in rule.get("IpRanges", ()))
        or any(one["GroupId"] in end.groups for one in rule.get("UserIdGroupPairs", ()))
        or bool(rule.get("PrefixListIds"))
    )


def _routes(ec2: Any, asking: End, server: End) -> Obstacle | None:
    tables = _all_of(ec2.describe_route_tables, "RouteTables", asking, server)
    for end, other in ((asking, server), (server, asking)):
        table = _of_subnet(tables, end)
        if table is None:
            continue
        ways = [
            (network.prefixlen, route)
            for route in table["Routes"]
            if (block := route.get("DestinationCidrBlock"))
            and other.address in (network := ip_network(block))
        ]
        best = max(ways, key=lambda one: one[0])[1] if ways else None
        if best is None or best.get("State") == "blackhole":
            how = (
                f"leads {best['DestinationCidrBlock']} nowhere (blackhole)" if best else "has none"
            )
            return Obstacle(
                key="no-path",
                seen=f"of a route from {end} to {other} the route table "
                f"{table['RouteTableId']} {how}",
                where=table["RouteTableId"],
            )
    return None


def _acls(ec2: Any, asking: End, server: End, port: int) -> Obstacle | None:
    if asking.subnet == server.subnet:
        return None  # what stays in a subnet passes none
    acls = _all_of(ec2.describe_network_acls, "NetworkAcls", asking, server)
    for end, other, egress, ports in (
        (asking, server, True, (port,)),
        (server, asking, False, (port,)),
        (server, asking, True, CLIENT_PORTS),
        (asking, server, False, CLIENT_PORTS),
    ):
        acl = _of_subnet(acls, end)
        if acl is None:
            continue
        for one in ports:
            rule = _decides(acl["Entries"], one, other.address, egress=egress)
            if rule is None or rule["RuleAction"] == "deny":
                number = "*" if rule is None or rule["RuleNumber"] == LAST else rule["RuleNumber"]
                way = "out to" if egress else "in from"
                return Obstacle(
                    key="closed-acl",
                    seen=f"rule {number} of {acl['NetworkAclId']}, of the subnet of {end}, lets "
                    f"port {one} not {way} {other}",
                    where=acl["NetworkAclId"],
                )
    return None


def _decides(
    entries: Iterable[Record], port: int, address: IPv4Address, *, egress: bool
) -> Record | None:
    """The rule of lowest number that is of a packet."""
    for one in sorted(entries, key=lambda one: one["RuleNumber"]):
        ports = one.get("PortRange") or {"From": 0, "To": 65535}
        if (
            one["Egress"] == egress
            and one["Protocol"] in ("-1", "6")
            and ports["From"] <= port <= ports["To"]
            and (block := one.get("CidrBlock"))
            and address in ip_network(block)
        ):
            return one
    return None


def _all_of(describe: Callable[..., Any], kind: str, *ends: End) -> list[Record]:
    wanted = [{"Name": "vpc-id", "Values": sorted({end.vpc for end in ends})}]
    return describe(Filters=wanted)[kind]


def _of_subnet(records: Iterable[Record], end: End) -> Record | None:
    """The record that is associated with the subnet, or else the main one of its VPC."""
    own = [one for one in records if one.get("VpcId") == end.vpc]
    for key, value in (("SubnetId", end.subnet), ("Main", True)):
        for record in own:
            if any(one.get(key) == value for one in record.get("Associations", ())):
                return record
    return None
