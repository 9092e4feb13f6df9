"""The databases, roles and login users of an instance, as declared."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnResource, CustomResource, Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from airflow_rds_iam.access.desired_database import DesiredDatabase
from airflow_rds_iam.access.drift_check import DriftCheck
from airflow_rds_iam.access.login_doctor import LoginDoctor
from airflow_rds_iam.certificates import RDS_CERTIFICATES
from airflow_rds_iam.delivery.function_code import function_code
from airflow_rds_iam.delivery.resource_function import ResourceFunction
from airflow_rds_iam.servers.server import Server


def users_code() -> lambda_.Code:
    """The code of what logs in to make users."""
    return function_code(
        "database_users", "rds_login", distributions=["pg8000"], files=[RDS_CERTIFICATES]
    )


class DatabaseUsers(Construct):
    """One custom resource that brings about every database and user of ``instance``.

    Its function logs in as the master user, with a token of its own role, and can reach nothing
    but the database. Who is granted nothing any more is removed at once; Airflow's user of another
    level stays until ``retired``, which is to come after the connections that name the new one.
    That step is told by the first one, which notes on the server what it is to do, whether there is
    anything: it changes with no other change of access.

    Args:
        databases: as they are to be.
        prefix: that of the roles' names, if they have one: other environments with another have
            users on the same server. It cannot change.
        observed: bring nothing about: the function plans and checks alone.
        schedule: when the server is compared with them, of EventBridge Scheduler.
        topic_arn: an SNS topic that is told when it differs, or cannot be compared.
        nobody_because: why none is.
        repair: with another value than before, a deploy enters every database and puts right what
            is not as declared, even if nothing else has changed.
        key: encrypts the function's log groups.
        subnets: private subnets of ``vpc``.
        security_group: lets the function out to the database's port and nowhere else.
        deployment: another text at each deployment, with which this is updated.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: Server,
        databases: Sequence[DesiredDatabase],
        repair: str,
        key: kms.IKey,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        prefix: str | None = None,
        observed: bool = False,
        schedule: str = "rate(1 day)",
        topic_arn: str | None = None,
        nobody_because: str | None = None,
        deployment: str = "never",
    ) -> None:
        super().__init__(scope, construct_id)
        code = users_code()
        server = {
            "DATABASE_HOST": instance.host,
            "DATABASE_PORT": instance.port,
            "MASTER_USER": instance.master_user,
        }
        kept = {
            **({"SERVER_LIVED_IN": "true"} if instance.lived_in else {}),
            **({"SERVER_OBSERVED": "true"} if observed else {}),
        }
        backing = ResourceFunction(
            self,
            "Function",
            description=f"Makes the database users of {instance.identifier} what is declared",
            code=code,
            handler="database_users.handler.handle",
            timeout=Duration.minutes(5),
            memory_size=512,
            key=key,
            environment={**server, **kept},
            vpc=vpc,
            subnets=subnets,
            security_group=security_group,
        )
        instance.grant_connect(backing.function, user=instance.master_user)
        self.doctor = LoginDoctor(
            self,
            "Doctor",
            instance=instance,
            code=code,
            key=key,
            environment=server,
            vpc=vpc,
            subnets=subnets,
            security_group=security_group,
        )

        def resource(construct_id: str, resource_type: str, **more: object) -> CustomResource:
            made = CustomResource(
                self,
                construct_id,
                resource_type=resource_type,
                service_token=backing.service_token,
                # A minute more than the function has, in place of CloudFormation's hour.
                service_timeout=Duration.minutes(6),
                properties={
                    # Another instance under the same name, as after a restore, is set up anew.
                    "InstanceResourceId": instance.resource_id,
                    **({"Prefix": prefix} if prefix else {}),
                    **({"Observed": "true"} if observed else {}),
                    **more,
                },
            )
            child = cast("CfnResource", made.node.default_child)
            for key, value in instance.told.items():
                child.add_metadata(key, value)
            return made

        self.made = resource(
            "Resource",
            "Custom::DatabaseUsers",
            Databases=[database.state for database in databases],
            Deployment=deployment,
            Repair=repair,
        )
        self.retired = resource(
            "Retired",
            "Custom::RetiredDatabaseUsers",
            Step="retire",
            Handover=self.made.get_att_string("Handover"),
        )
        # The function keeps its permissions until the users are removed.
        self.made.node.add_dependency(backing)
        self.retired.node.add_dependency(self.made)
        check = DriftCheck(
            self,
            "DriftCheck",
            function=backing.function,
            declared=self.made,
            key=key,
            instance=instance.identifier,
            observed=observed,
            schedule=schedule,
            topic_arn=topic_arn,
            nobody_because=nobody_because,
        )
        # There is nothing to compare with before.
        check.node.add_dependency(self.retired)
