"""The VPC endpoints by which Airflow reaches AWS where there is no way to the internet."""

from collections.abc import Iterable, Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


def add_interface_endpoints(
    scope: Construct,
    vpc: ec2.IVpc,
    services: Iterable[str],
    *,
    used_by: Sequence[ec2.ISecurityGroup],
    subnets: Sequence[ec2.ISubnet] | None = None,
) -> ec2.ISecurityGroup:
    """Make the endpoints of ``services``, such as ``ecr.api``, for who is in ``used_by``.

    They are in ``subnets``, one in each zone, or in those of the VPC that are private. Their
    security group.
    """
    group = ec2.SecurityGroup(
        scope,
        "EndpointSecurityGroup",
        vpc=vpc,
        description="VPC endpoints",
        allow_all_outbound=False,
    )
    for one in used_by:
        group.connections.allow_from(one, ec2.Port.tcp(443), "Airflow calls AWS")
    for service in services:
        vpc.add_interface_endpoint(
            service.replace(".", "-"),
            service=ec2.InterfaceVpcEndpointAwsService(service),
            security_groups=[group],
            open=False,
            private_dns_enabled=True,
            subnets=ec2.SubnetSelection(subnets=list(subnets)) if subnets else None,
        )
    return group
