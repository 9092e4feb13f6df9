"""What Airflow and the databases need of a network, whoever made it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge_rule
from airflow_rds_iam.declaration.airflow_names import AIRFLOW, told_apart


class Network(Protocol):
    """A VPC with private subnets, and a security group of each Airflow that is made in it."""

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        ...

    @property
    def private_subnets(self) -> Sequence[ec2.ISubnet]:
        """Two or more, each in a zone of its own."""
        ...

    @property
    def airflow_security_groups(self) -> Mapping[str, ec2.ISecurityGroup]:
        """That of all components of each Airflow that is made here, by its identity."""
        ...

    @property
    def endpoints_security_group(self) -> ec2.ISecurityGroup | None:
        """That of the endpoint of Secrets Manager, if that lets in by group."""
        ...

    @property
    def ranges(self) -> Sequence[str]:
        """Of IPv4 addresses: those of the VPC, as far as they are known."""
        ...


def airflow_security_groups(
    scope: Construct, vpc: ec2.IVpc, airflows: Iterable[str]
) -> dict[str, ec2.ISecurityGroup]:
    """A security group for each Airflow, whose components reach each other within it."""
    return {name: _airflow_security_group(scope, vpc, name) for name in airflows}


def _airflow_security_group(scope: Construct, vpc: ec2.IVpc, name: str) -> ec2.ISecurityGroup:
    group = ec2.SecurityGroup(
        scope,
        told_apart("AirflowSecurityGroup", name),
        vpc=vpc,
        description="Airflow" if name == AIRFLOW else f"Airflow {name}",
    )
    # Amazon MWAA, "Security in your VPC": its parts talk to each other within the group.
    group.add_ingress_rule(group, ec2.Port.all_traffic(), "Airflow's own components")
    acknowledge_rule(
        group,
        "EC2RestrictedCommonPorts",
        reason="Amazon MWAA asks for a rule that lets its own components reach each other on "
        "every port: its source is this same security group, and nobody else.",
    )
    return group
