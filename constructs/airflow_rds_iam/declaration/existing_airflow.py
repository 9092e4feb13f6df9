"""An Airflow that a team has already, as far as it must be told of it."""

from pydantic import Field, field_validator, model_validator

from airflow_rds_iam.declaration.existing_network import PrivateRange
from airflow_rds_iam.declaration.identities import unattachable
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.values import (
    AirflowName,
    AuthoritiesPath,
    ConnectionsPrefix,
    RoleArn,
    SecurityGroupId,
)


class ExistingAirflow(Model):
    """An Airflow that exists, on Amazon MWAA or anywhere: nothing of it is made or removed here."""

    environment: AirflowName | None = Field(
        default=None,
        description="The environment's name, if it is one of Amazon MWAA: `make deploy` compares "
        "what it has set with what it must have.",
    )
    role_arn: RoleArn = Field(
        description="The role of its tasks (of Amazon MWAA the execution role), which the policies "
        "are attached to: `Policy.Roles`, `ManagedPolicy.Roles`."
    )
    security_group: SecurityGroupId | None = Field(
        default=None,
        description="Its security group, in this network or one that is peered with it in the "
        "region: a rule of each database lets it in.",
    )
    ranges: list[PrivateRange] = Field(
        default=[],
        max_length=10,
        description="Of its workers' addresses, if no security group can be named: "
        "`SecurityGroupIngress.CidrIp`.",
    )
    connections_prefix: ConnectionsPrefix | None = Field(
        default=None,
        description="`connections_prefix` of its secrets backend, AWS Secrets Manager, where its "
        "connections are made: `Secret.Name`. Default: none are made, and outputs say what each "
        "is.",
    )
    authorities: AuthoritiesPath = Field(
        description="Path on its workers of the certificates that RDS's are verified with, which "
        "its owner puts there: sslrootcert in each connection (`Secret.SecretString`)."
    )

    @property
    def role_name(self) -> str:
        """The role's name, without its path."""
        return self.role_arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The account of 12 digits that the role is in."""
        return self.role_arn.split(":")[4]

    @field_validator("role_arn")
    @classmethod
    def _takes_policies(cls, arn: str) -> str:
        if why := unattachable(arn):
            raise ValueError(why)
        return arn

    @model_validator(mode="after")
    def _is_somewhere(self) -> "ExistingAirflow":
        if bool(self.security_group) == bool(self.ranges):
            raise ValueError(
                "must have either a security_group, or the ranges of its workers' addresses: that "
                "is how the databases know it"
            )
        return self
