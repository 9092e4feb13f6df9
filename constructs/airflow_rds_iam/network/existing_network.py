"""A network that was there before."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from airflow_rds_iam.declaration.airflow_names import AIRFLOW
from airflow_rds_iam.network.endpoints import add_interface_endpoints
from airflow_rds_iam.network.network import airflow_security_groups


class ExistingNetwork(Construct):
    """A VPC by its attributes, so that nobody must look it up.

    Made are security groups, and the endpoints that are said to be missing.

    Args:
        vpc_id: of the VPC, such as ``vpc-0a1b2c3d``.
        subnets: the ids of private subnets, by the name of the zone that each is in.
        ranges: of the VPC's IPv4 addresses, if rules are to name them.
        airflows: identities of those that are to be in it, each of which needs a security group
            and a way to AWS.
        missing_endpoints: services, such as ``ecr.api``, that it has no endpoint of.
        endpoints_security_group_id: of the endpoints that it has, if that is to let Airflow in.
        route_tables: of the subnets, if the gateway endpoint of S3 is missing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc_id: str,
        subnets: Mapping[str, str],
        ranges: Sequence[str] = (),
        airflows: Sequence[str] = (AIRFLOW,),
        missing_endpoints: Sequence[str] = (),
        endpoints_security_group_id: str | None = None,
        route_tables: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.ranges = list(ranges)
        self.vpc: ec2.IVpc = ec2.Vpc.from_vpc_attributes(
            self, "Vpc", vpc_id=vpc_id, availability_zones=list(subnets)
        )
        self.private_subnets: Sequence[ec2.ISubnet] = [
            ec2.Subnet.from_subnet_attributes(
                self, subnet_id, subnet_id=subnet_id, availability_zone=zone
            )
            for zone, subnet_id in subnets.items()
        ]
        groups = airflow_security_groups(self, self.vpc, airflows)
        self.airflow_security_groups = groups
        endpoints = self.endpoints_security_group = (
            ec2.SecurityGroup.from_security_group_id(self, "Endpoints", endpoints_security_group_id)
            if endpoints_security_group_id
            else None
        )
        if endpoints:
            for group in groups.values():
                endpoints.connections.allow_from(group, ec2.Port.tcp(443), "Airflow calls AWS")
        if groups and missing_endpoints:
            made = add_interface_endpoints(
                self,
                self.vpc,
                missing_endpoints,
                used_by=[*groups.values()],
                subnets=self.private_subnets,
            )
            if "secretsmanager" in missing_endpoints:
                self.endpoints_security_group = made
        if route_tables:
            ec2.CfnVPCEndpoint(
                self,
                "S3",
                vpc_id=vpc_id,
                service_name=ec2.GatewayVpcEndpointAwsService.S3.name,
                vpc_endpoint_type="Gateway",
                route_table_ids=list(route_tables),
            )
