"""The administrator of an instance whose master user has a password."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnResource, CustomResource, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from airflow_rds_iam.access.database_users import users_code
from airflow_rds_iam.delivery.resource_function import ResourceFunction
from airflow_rds_iam.servers.server import Server

HTTPS = ec2.Port.tcp(443)


class Administrator(Construct):
    """Has the master user make the administrator, once, and lets that log in with a token.

    Its function alone may read the master user's password. Once this is gone, nobody here may; the
    administrator stays.

    Args:
        instance: whose `master_user` is the administrator, that is made.
        secret_arn: the master user's ``username`` and ``password``, as RDS writes them.
        key_arn: encrypts the secret, where that is no key of Secrets Manager's.
        key: encrypts the function's log groups.
        subnets: private subnets of ``vpc``, with a way to Secrets Manager.
        security_group: lets the function out to the database's port.
        endpoints: that of the endpoint of Secrets Manager, if that lets in by group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: Server,
        secret_arn: str,
        key_arn: str | None,
        key: kms.IKey,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        endpoints: ec2.ISecurityGroup | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        backing = ResourceFunction(
            self,
            "Function",
            description=f"Has the administrator of {instance.identifier} made, once",
            code=users_code(),
            handler="database_users.administrator.handle",
            timeout=Duration.minutes(3),
            key=key,
            environment={
                "DATABASE_HOST": instance.host,
                "DATABASE_PORT": instance.port,
                "MASTER_USER": instance.master_user,
                "MASTER_SECRET": secret_arn,
            },
            vpc=vpc,
            subnets=subnets,
            security_group=security_group,
            way_out=self._way_out(vpc, instance, endpoints),
        )
        instance.grant_connect(backing.function, user=instance.master_user)
        for statement in self._reading(secret_arn, key_arn):
            backing.function.add_to_role_policy(statement)
        made = CustomResource(
            self,
            "Resource",
            resource_type="Custom::DatabaseAdministrator",
            service_token=backing.service_token,
            service_timeout=Duration.minutes(4),
            properties={
                "InstanceResourceId": instance.resource_id,
                "Administrator": instance.master_user,
                "Secret": secret_arn,
            },
        )
        made.node.add_dependency(backing)
        told = {"Secret": secret_arn, "Key": key_arn or ""}
        cast("CfnResource", made.node.default_child).add_metadata("MasterSecret", told)

    def _way_out(
        self, vpc: ec2.IVpc, instance: Server, endpoints: ec2.ISecurityGroup | None
    ) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "WayOut",
            vpc=vpc,
            description=f"To Secrets Manager, for the administrator of {instance.identifier}",
            allow_all_outbound=False,
        )
        if endpoints is None:
            group.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "Secrets Manager, by NAT or endpoint")
            return group
        # Both rules here, and not where the endpoint is: nothing of it refers to this.
        ec2.CfnSecurityGroupEgress(
            self,
            "Out",
            group_id=group.security_group_id,
            destination_security_group_id=endpoints.security_group_id,
            description="The endpoint of Secrets Manager",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "In",
            group_id=endpoints.security_group_id,
            source_security_group_id=group.security_group_id,
            description=f"The administrator of {instance.identifier} is made",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        return group

    def _reading(self, secret_arn: str, key_arn: str | None) -> list[iam.PolicyStatement]:
        reading = [
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret_arn])
        ]
        if key_arn:
            service = f"secretsmanager.{Stack.of(self).region}.amazonaws.com"
            reading.append(
                iam.PolicyStatement(
                    actions=["kms:Decrypt"],
                    resources=[key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:ViaService": service,
                            "kms:EncryptionContext:SecretARN": secret_arn,
                        }
                    },
                )
            )
        return reading
