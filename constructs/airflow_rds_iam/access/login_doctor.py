"""A function that looks from the inside of an instance at why somebody's login fails."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, SERVERLESS, acknowledge_rule
from airflow_rds_iam.delivery.python_function import python_function
from airflow_rds_iam.servers.server import Server


class LoginDoctor(Construct):
    """Tells whoever may invoke it of one user: is it there, its groups, its connections, its locks.

    It is another function than the one that makes the users, as an invocation of that may ask for
    anything: this one takes a user and a database, reads, and tells of no data. Nobody is given
    ``lambda:InvokeFunction`` on it here.

    Args:
        instance: that it looks at.
        code: of the database users' function.
        key: encrypts the function's log group.
        environment: of the database users' function.
        subnets: private subnets of ``vpc``.
        security_group: lets the function out to the database's port and nowhere else.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: Server,
        code: lambda_.Code,
        key: kms.IKey,
        environment: dict[str, str],
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function, _ = python_function(
            self,
            description=f"Looks at the users of {instance.identifier} and changes nothing",
            code=code,
            handler="database_users.look.handle",
            timeout=Duration.seconds(30),
            memory_size=256,
            key=key,
            environment=environment,
            vpc=vpc,
            subnets=subnets,
            security_group=security_group,
        )
        instance.grant_connect(self.function, user=instance.master_user)
        acknowledge_rule(
            self,
            "LambdaConcurrency",
            packs=(NIST, HIPAA),
            reason="People ask it now and then. Reserving concurrency takes it from the whole "
            "account, and fails in one whose quota is the first, of ten.",
        )
        acknowledge_rule(
            self,
            "LambdaDLQ",
            packs=(NIST, HIPAA, SERVERLESS),
            reason="Who asks waits for the answer; a question kept for later is of no use.",
        )
        acknowledge_rule(
            self,
            "LambdaTracing",
            packs=(SERVERLESS,),
            reason="It asks one server one question; a trace would need a way out of the VPC.",
        )
