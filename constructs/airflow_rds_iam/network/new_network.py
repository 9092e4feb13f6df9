"""A network that is made."""

from collections.abc import Sequence
from typing import Literal, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from airflow_rds_iam.acknowledgments import (
    acknowledge,
    acknowledge_inline_policy,
    acknowledge_rule,
)
from airflow_rds_iam.declaration.airflow_names import AIRFLOW
from airflow_rds_iam.declaration.existing_network import INTERFACES, STS
from airflow_rds_iam.keys import log_key
from airflow_rds_iam.network.endpoints import add_interface_endpoints
from airflow_rds_iam.network.network import airflow_security_groups


class NewNetwork(Construct):
    """A VPC with private subnets, flow logs, and a default security group that lets nothing pass.

    Args:
        cidr: IPv4 range of the VPC.
        zones: names of the availability zones, two or more.
        egress: ``endpoints`` makes subnets without a way to the internet and VPC endpoints for
            what Airflow needs; ``nat`` makes a NAT gateway in each zone.
        airflows: identities of those that are to be in it, each of which needs a security group
            and a way to AWS.
        retain: keep the VPC and its private subnets when the stack is removed.
        tasks_take_roles: ``endpoints`` are to have one of STS, too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str,
        zones: Sequence[str],
        egress: Literal["nat", "endpoints"],
        airflows: Sequence[str] = (AIRFLOW,),
        retain: bool = False,
        tasks_take_roles: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        self.ranges = [cidr]
        nat = egress == "nat"
        subnets = [
            ec2.SubnetConfiguration(
                name="Private",
                subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
                if nat
                else ec2.SubnetType.PRIVATE_ISOLATED,
                cidr_mask=_subnet_mask(cidr, len(zones)),
            )
        ]
        if nat:
            subnets.append(
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    map_public_ip_on_launch=False,
                    cidr_mask=28,
                )
            )
        self.vpc: ec2.IVpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            availability_zones=list(zones),
            nat_gateways=len(zones) if nat else 0,
            subnet_configuration=subnets,
            restrict_default_security_group=True,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
        )
        self.private_subnets = self.vpc.private_subnets if nat else self.vpc.isolated_subnets
        for subnet in (*self.private_subnets, *self.vpc.public_subnets):
            acknowledge(
                subnet,
                "CloudFormation-Validate::W3010",
                reason="The zones are declared: a subnet that changes its zone is replaced, with "
                "all that is in it.",
            )
        for subnet in self.vpc.public_subnets:
            acknowledge_rule(
                subnet,
                "VPCNoUnrestrictedRouteToIGW",
                reason="egress: nat is declared: the public subnets hold the NAT gateways alone, "
                "which need this route; nothing else is in them, and none gives out addresses.",
            )
        if retain:
            for construct in (self.vpc, *self.private_subnets):
                resource = cast("cdk.CfnResource", construct.node.default_child)
                # Where the first creation fails, nothing stays, so that it can be tried again.
                resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self._log_flows()
        groups = airflow_security_groups(self, self.vpc, airflows)
        self.airflow_security_groups = groups
        self.endpoints_security_group: ec2.ISecurityGroup | None = None
        if groups and not nat:
            services = [*INTERFACES, *([STS] if tasks_take_roles else [])]
            self.endpoints_security_group = add_interface_endpoints(
                self, self.vpc, services, used_by=[*groups.values()]
            )

    def _log_flows(self) -> None:
        group = logs.LogGroup(
            self,
            "FlowLogs",
            encryption_key=log_key(self, "FlowLogsKey"),
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        flow_log = self.vpc.add_flow_log(
            "FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group)
        )
        acknowledge_inline_policy(flow_log)


def _subnet_mask(cidr: str, zones: int) -> int:
    """The mask that leaves half of the range, or more, to the private subnets of all zones."""
    return int(cidr.rpartition("/")[2]) + 1 + (zones - 1).bit_length()
