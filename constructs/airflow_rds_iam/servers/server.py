"""What grants need of a server, whoever made it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.own_account import refuse_other_account

CONNECT = "rds-db:connect"


class Server(Protocol):
    """A server that users log in to with a token."""

    @property
    def identifier(self) -> str:
        """What RDS calls it."""
        ...

    @property
    def host(self) -> str:
        """The endpoint's name: what a token is signed for and the certificate names."""
        ...

    @property
    def reader_host(self) -> str | None:
        """The name of the endpoint of those that only read; None if there is none."""
        ...

    @property
    def port(self) -> str:
        """The endpoint's port, as a string."""
        ...

    @property
    def master_user(self) -> str:
        """The PostgreSQL user that makes the others."""
        ...

    @property
    def resource_id(self) -> str:
        """What stands for the server in the ARN of a database user."""
        ...

    @property
    def made_resource_id(self) -> str:
        """The resource id that it was made with."""
        ...

    @property
    def lived_in(self) -> bool:
        """Whether others have roles and data there that are nobody's here."""
        ...

    @property
    def told(self) -> Mapping[str, str | Mapping[str, str | Sequence[str]]]:
        """What those are told who read the templates, as no template makes it."""
        ...

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach its port."""
        ...

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other."""
        ...


def grant_connect(
    scope: Construct, grantee: iam.IGrantable, *, resource_id: str, user: str
) -> iam.Grant:
    """Let ``grantee`` log in as the PostgreSQL ``user`` of one server, and as no other.

    Raises:
        ValueError: it is of another account.
    """
    refuse_other_account(scope, grantee)
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=[CONNECT],
        resource_arns=[users_arn(scope, resource_id=resource_id) + user],
    )


def users_arn(scope: Construct, *, resource_id: str) -> str:
    """What the ARN of each PostgreSQL user of one server begins with, before its name.

    Source: "Creating and using an IAM policy for IAM database access".
    """
    return Stack.of(scope).format_arn(
        service="rds-db",
        resource="dbuser",
        resource_name=f"{resource_id}/",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
