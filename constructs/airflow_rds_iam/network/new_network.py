"""The network that Airflow and the databases share."""

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
from airflow_rds_iam.keys import log_key

# Amazon MWAA, "Creating the required VPC service endpoints in an Amazon VPC with private routing";
# Secrets Manager holds the Airflow connections. Signing a database token needs no endpoint.
ENDPOINT_SERVICES = (
    "airflow.api",
    "airflow.env",
    "airflow.ops",
    "ecr.api",
    "ecr.dkr",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sqs",
)


class Network(Construct):
    """A VPC with private subnets, flow logs, and a default security group that lets nothing pass.

    Args:
        cidr: IPv4 range of the VPC.
        zones: names of the availability zones, two or more.
        egress: ``endpoints`` makes subnets without a way to the internet and VPC endpoints for
            what Airflow needs; ``nat`` makes a NAT gateway in each zone.
        retain: keep the VPC and its private subnets when the stack is removed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cidr: str,
        zones: Sequence[str],
        egress: Literal["nat", "endpoints"],
        retain: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
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
        self.vpc = ec2.Vpc(
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
        self.airflow_security_group = ec2.SecurityGroup(
            self, "AirflowSecurityGroup", vpc=self.vpc, description="Airflow"
        )
        # Amazon MWAA, "Security in your VPC": its parts talk to each other within the group.
        self.airflow_security_group.add_ingress_rule(
            self.airflow_security_group, ec2.Port.all_traffic(), "Airflow's own components"
        )
        acknowledge_rule(
            self.airflow_security_group,
            "EC2RestrictedCommonPorts",
            reason="Amazon MWAA asks for a rule that lets its own components reach each other on "
            "every port: its source is this same security group, and nobody else.",
        )
        if not nat:
            self._add_endpoints()

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

    def _add_endpoints(self) -> None:
        group = ec2.SecurityGroup(
            self,
            "EndpointSecurityGroup",
            vpc=self.vpc,
            description="VPC endpoints",
            allow_all_outbound=False,
        )
        group.connections.allow_from(
            self.airflow_security_group, ec2.Port.tcp(443), "Airflow calls AWS"
        )
        for service in ENDPOINT_SERVICES:
            self.vpc.add_interface_endpoint(
                service.replace(".", "-"),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                security_groups=[group],
                open=False,
                private_dns_enabled=True,
            )


def _subnet_mask(cidr: str, zones: int) -> int:
    """The mask that leaves half of the range, or more, to the private subnets of all zones."""
    return int(cidr.rpartition("/")[2]) + 1 + (zones - 1).bit_length()
