"""Whether a connection gets through the network from one interface to another, and its answer back.

Sources: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups",
"Configure route tables", "Control subnet traffic with network access control lists".
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from emulator.engine import Emulator

Record = Mapping[str, Any]
_TCP = ("6", "tcp", "-1")
_CLIENT_PORT = 40_000  # of those that Linux takes, one


def gets_through(emulator: Emulator, *, here: str, there: str, port: int) -> bool:
    """Whether a connection to a port is made.

    Args:
        emulator: its EC2.
        here: id of the network interface that asks.
        there: id of the one that is asked.
        port: of the one that is asked.
    """
    interfaces = emulator.store("ec2", "_network_interfaces")
    asking, asked = interfaces[here], interfaces[there]
    lets = _groups_let(emulator, asking, asked, "IpPermissionsEgress", port) and _groups_let(
        emulator, asked, asking, "IpPermissions", port
    )
    # A group remembers who asked, and lets the answer through; the rest does not.
    return (
        lets
        and _arrives(emulator, asking, asked, port)
        and _arrives(emulator, asked, asking, _CLIENT_PORT)
    )


def permitted(emulator: Emulator, groups: frozenset[str], key: str, port: int) -> Iterator[Record]:
    """The rules of some security groups, in one direction, that are of a port of TCP."""
    known = emulator.store("ec2", "_security_groups")
    for rule in (rule for name in groups for rule in known[name][key]):
        ports = int(rule.get("FromPort", 0)), int(rule.get("ToPort", 65535))
        whole = str(rule["IpProtocol"]) == "-1"
        if whole or (str(rule["IpProtocol"]) in _TCP and ports[0] <= port <= ports[1]):
            yield rule


def _groups_let(emulator: Emulator, of: Record, other: Record, key: str, port: int) -> bool:
    own, others = _groups(of), _groups(other)
    return any(
        any(one["GroupId"] in others for one in rule.get("UserIdGroupPairs", ()))
        or any(_is_in(other, one["CidrIp"]) for one in rule.get("IpRanges", ()))
        for rule in permitted(emulator, own, key, port)
    )


def _arrives(emulator: Emulator, sender: Record, receiver: Record, port: int) -> bool:
    """Whether a packet leaves the one's subnet, finds the other's, and is let in."""
    if sender["SubnetId"] == receiver["SubnetId"]:
        return True
    acls, tables = (emulator.store("ec2", name) for name in ("_network_acls", "_route_tables"))
    out, into = (_own(acls, one, "IsDefault") for one in (sender, receiver))
    return (
        _acl_lets(out, receiver, port, egress=True)
        and _acl_lets(into, sender, port, egress=False)
        and _leads(emulator, _own(tables, sender, "Main"), sender, receiver)
    )


def _leads(emulator: Emulator, table: Record, sender: Record, receiver: Record) -> bool:
    ways = [one for one in table["Routes"] if _is_in(receiver, one.get("DestinationCidrBlock"))]
    if not ways:
        return False
    nearest = max(ways, key=lambda one: ip_network(one["DestinationCidrBlock"]).prefixlen)
    if sender["VpcId"] == receiver["VpcId"]:
        return nearest.get("GatewayId") == "local"
    peering = emulator.store("ec2", "_vpc_peering").get(nearest.get("VpcPeeringConnectionId"))
    ends = (
        {peering[f"{end}VpcInfo"]["VpcId"] for end in ("Requester", "Accepter")} if peering else ()
    )
    return bool(peering) and peering["Status"]["Code"] == "active" and receiver["VpcId"] in ends


def _acl_lets(acl: Record, other: Record, port: int, *, egress: bool) -> bool:
    for rule in sorted(acl["Entries"], key=lambda one: one["RuleNumber"]):
        ports = rule.get("PortRange", {"From": 0, "To": 65535})
        if (
            rule["Egress"] == egress
            and rule["Protocol"] in _TCP
            and ports["From"] <= port <= ports["To"]
            and _is_in(other, rule.get("CidrBlock"))
        ):
            return rule["RuleAction"] == "allow"
    return False


def _own(records: Mapping[str, Record], interface: Record, default: str) -> Record:
    """What the interface's subnet is associated with, or what its VPC has for all others."""
    of_vpc = [one for one in records.values() if one["VpcId"] == interface["VpcId"]]
    for one in of_vpc:
        if any(has.get("SubnetId") == interface["SubnetId"] for has in one["Associations"]):
            return one
    [other] = [
        one
        for one in of_vpc
        if one.get(default) or any(has.get(default) for has in one["Associations"])
    ]
    return other


def _groups(interface: Record) -> frozenset[str]:
    return frozenset(one["GroupId"] for one in interface["Groups"])


def _is_in(interface: Record, block: str | None) -> bool:
    return bool(block) and ip_address(interface["PrivateIpAddress"]) in ip_network(block)
