"""Network ACLs: the rule of lowest number decides, and answers pass them, too.

Source: Amazon VPC User Guide, "Control subnet traffic with network access control lists".
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, ip_network
from typing import Any

from doctor.way.ends import End, Obstacle, Record, all_of, of_subnet

# The ports that Linux takes for a client (net.ipv4.ip_local_port_range).
CLIENT_PORTS = (32768, 60999)
LAST = 32767  # of each network ACL, shown as an asterisk, which denies
_ALL_PORTS = {"From": 0, "To": 65535}


def closed(ec2: Any, asking: End, server: End, port: int) -> Obstacle | None:
    """The first rule that lets the connection, or an answer to it, not through."""
    if asking.subnet == server.subnet:
        return None  # what stays in a subnet passes none
    acls = all_of(ec2.describe_network_acls, "NetworkAcls", asking, server)
    for end, other, egress, ports in (
        (asking, server, True, (port, port)),
        (server, asking, False, (port, port)),
        (server, asking, True, CLIENT_PORTS),
        (asking, server, False, CLIENT_PORTS),
    ):
        acl = of_subnet(acls, end)
        if acl is None:
            continue
        rules = [one for one in acl["Entries"] if one["Egress"] == egress]
        for one in _told_apart(rules, *ports):
            rule = _decides(rules, one, other.address)
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


def _told_apart(rules: Iterable[Record], first: int, last: int) -> list[int]:
    """Of the ports between two, one of each kind that the rules tell apart."""
    edges = {first}
    for ports in (rule.get("PortRange", _ALL_PORTS) for rule in rules):
        edges |= {ports["From"], ports["To"] + 1}
    return sorted(one for one in edges if first <= one <= last)


def _decides(rules: Iterable[Record], port: int, address: IPv4Address) -> Record | None:
    """The rule of lowest number that is of a packet."""
    for one in sorted(rules, key=lambda one: one["RuleNumber"]):
        ports = one.get("PortRange") or _ALL_PORTS
        if (
            one["Protocol"] in ("-1", "6")
            and ports["From"] <= port <= ports["To"]
            and (block := one.get("CidrBlock"))
            and address in ip_network(block)
        ):
            return one
    return None
