"""Security groups: who lets whom in and out.

Source: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups".
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from doctor.way.ends import End, Obstacle, Record


def closed(ec2: Any, asking: End | None, server: End, port: int) -> Obstacle | None:
    """The first of the two ends whose groups do not let the connection through.

    Of somebody who asks and is no interface, no more can be told than that nobody is let in.
    """
    ids = sorted({group for end in (server, asking) if end for group in end.groups})
    found = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    into = [*_rules(found, server, "IpPermissions", port)]
    if asking is None:
        return None if into else _obstacle(server, f"lets in port {port} from anybody")
    if not any(_is_of(rule, asking) for rule in into):
        return _obstacle(server, f"lets in port {port} from {_grouped(asking)}")
    if not any(_is_of(rule, server) for rule in _rules(found, asking, "IpPermissionsEgress", port)):
        return _obstacle(asking, f"lets out port {port} to {_grouped(server)}")
    return None


def _obstacle(end: End, what: str) -> Obstacle:
    named = ", ".join(sorted(end.groups))
    return Obstacle(key="closed-group", seen=f"no rule of {named}, of {end}, {what}", where=named)


def _grouped(end: End) -> str:
    return f"{end} with {', '.join(sorted(end.groups))}"


def _rules(groups: list[Record], end: End, key: str, port: int) -> Iterator[Record]:
    for rule in (rule for one in groups if one["GroupId"] in end.groups for rule in one[key]):
        tcp = rule["IpProtocol"] in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"]
        if tcp or rule["IpProtocol"] == "-1":
            yield rule


def _is_of(rule: Record, end: End) -> bool:
    # What is in a prefix list is not looked up: it may be the one.
    return (
        any(end.address in ip_network(one["CidrIp"]) for one in rule.get("IpRanges", ()))
        or any(one["GroupId"] in end.groups for one in rule.get("UserIdGroupPairs", ()))
        or bool(rule.get("PrefixListIds"))
    )
