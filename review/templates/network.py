"""Who may open a connection to a server, as security groups say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from review.iam.matching import has_token
from review.templates.assembly import Assembly, Resource
from review.templates.servers import Server, existing_server

# ICMP, UDP and ICMPv6, by which no session is opened.
_OTHER_PROTOCOLS = ("icmp", "1", "udp", "17", "icmpv6", "58")
_SOURCES = ("SourceSecurityGroupId", "CidrIp", "CidrIpv6", "SourcePrefixListId")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A rule of a security group that lets a source reach a server's port."""

    source: str
    """A security group's id, a range of addresses, or a prefix list's id."""
    resource: Resource
    """What holds the rule."""


def openings(server: Server, assembly: Assembly) -> tuple[Opening, ...]:
    """Every rule of these templates that opens the server's port.

    A rule whose ports or source are not known before a deployment counts as one, and so do all of
    a group that is made elsewhere, if the server is made here. Whom the group of an existing server
    lets in already is beyond these templates.
    """
    port, one = server.port, server.resource
    if one is None:
        group = server.security_group
        return _opening(assembly, [group], port) if group else ()
    groups = _groups(one.properties, "VPCSecurityGroups", "VpcSecurityGroupIds")
    made = {each.attribute("GroupId") for each in assembly.of_type("AWS::EC2::SecurityGroup")}
    hidden = [f"whom {group} lets in" for group in groups if group not in made]
    if not groups:
        hidden = ["whom the network's default security group lets in"]
    return (
        *(Opening(source=source, resource=one) for source in hidden),
        *_opening(assembly, groups, port),
    )


def _opening(assembly: Assembly, groups: list[str], port: str) -> tuple[Opening, ...]:
    return tuple(
        Opening(source=source, resource=holder)
        for group in groups
        for rule, holder in rules(assembly, group)
        if _opens(rule, port)
        for source in sources(rule)
    )


def sources(rule: Mapping[str, Any]) -> list[str]:
    """Whom a rule lets in."""
    return [str(rule[key]) for key in _SOURCES if rule.get(key)] or ["not known"]


def existing_networks(assembly: Assembly) -> list[str]:
    """The ids of the networks that something is made in, and that were there before."""
    groups = assembly.of_type("AWS::EC2::SecurityGroup")
    found = [str(one.properties.get("VpcId", "")) for one in groups]
    return [one for one in dict.fromkeys(found) if one.startswith("vpc-")]


def security_groups(one: Resource) -> frozenset[str]:
    """The security groups of a Lambda function or an Airflow environment."""
    held: Any = one.properties.get("VpcConfig") or one.properties.get("NetworkConfiguration")
    return frozenset(_groups(held, "SecurityGroupIds") if isinstance(held, dict) else ())


def rules(assembly: Assembly, group: str) -> Iterator[tuple[Mapping[str, Any], Resource]]:
    """Every rule that lets somebody in to a group, or may be one of its, and what holds it."""
    for one in assembly.of_type("AWS::EC2::SecurityGroup"):
        inline = one.properties.get("SecurityGroupIngress")
        if one.attribute("GroupId") == group and inline:
            for rule in cast("list[Any]", inline if isinstance(inline, list) else [inline]):
                yield cast("Mapping[str, Any]", rule) if isinstance(rule, Mapping) else {}, one
    others = [each["SecurityGroup"] for one in assembly.resources if (each := existing_server(one))]
    for one in assembly.of_type("AWS::EC2::SecurityGroupIngress"):
        named = str(one.properties.get("GroupId"))
        if named == group or (_may_be_any(named, group) and named not in others):
            yield one.properties, one


def _may_be_any(named: str, group: str) -> bool:
    """Whether what is known at deploy only, or the id of one that was deployed, may be a group."""
    return named.startswith("⟨?") or (has_token(group) and not has_token(named))


def _opens(rule: Mapping[str, Any], port: str) -> bool:
    protocol = str(rule.get("IpProtocol", "-1")).lower()
    if protocol in _OTHER_PROTOCOLS:
        return False
    first, last = str(rule.get("FromPort", "-1")), str(rule.get("ToPort", "-1"))
    if protocol not in ("tcp", "6") or first == "-1":
        return True
    if not (port.isdigit() and first.isdigit() and last.isdigit()):
        return True
    return int(first) <= int(port) <= int(last)


def _groups(properties: Any, *keys: str) -> list[str]:
    for key in keys:
        listed = properties.get(key)
        if isinstance(listed, list):
            return [str(one) for one in cast("list[Any]", listed)]
    return []
