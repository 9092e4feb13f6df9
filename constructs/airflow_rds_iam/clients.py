"""Who, beside what is deployed here, may open connections."""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class Client:
    """A source of connections: exactly one of the three, and why it may."""

    because: str
    """1 to 255 characters that EC2 takes in a rule's description."""
    security_group: str | None = None
    prefix_list: str | None = None
    range: str | None = None
    """An IPv4 range, such as ``10.8.0.0/16``."""


def let_in(
    scope: Construct, clients: Iterable[Client], *, security_group: ec2.ISecurityGroup, port: int
) -> None:
    """Let each client open TCP connections to ``port`` of what is in ``security_group``.

    The rules stand in ``scope``, whatever stack the group is in: a client more changes no network.
    """
    for client in clients:
        source = client.security_group or client.prefix_list or client.range or ""
        ec2.CfnSecurityGroupIngress(
            scope,
            f"Client-{source.replace('/', '-')}",
            group_id=security_group.security_group_id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            source_security_group_id=client.security_group,
            source_prefix_list_id=client.prefix_list,
            cidr_ip=client.range,
            description=client.because,
        )
