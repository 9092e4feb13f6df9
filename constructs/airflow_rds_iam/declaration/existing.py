"""A server that a team has already, as far as it must be told of it."""

import re

from pydantic import Field, field_validator, model_validator

from airflow_rds_iam.declaration.engines import other_engine, refusal
from airflow_rds_iam.declaration.existing_network import PrivateRange
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.rds_endpoint import KINDS, endpoint
from airflow_rds_iam.declaration.values import (
    EndpointName,
    ExistingResourceId,
    KeyArn,
    RoleName,
    SecretArn,
    SecurityGroupId,
)

DESCRIBED = "aws rds describe-db-instances"


class Bootstrap(Model):
    """The master user's password, with which the administrator is made in the next deploy."""

    secret: SecretArn = Field(
        description="The ARN of the secret with the master user's `username` and `password`: RDS's "
        "own, MasterUserSecret.SecretArn of `aws rds describe-db-instances`, or one of yours.",
    )
    key: KeyArn | None = Field(
        default=None,
        description="The KMS key of yours that the secret is encrypted with. Default: Secrets "
        "Manager's.",
    )

    @field_validator("secret")
    @classmethod
    def _is_an_instances(cls, arn: str) -> str:
        # "Password management with Amazon RDS and AWS Secrets Manager".
        if arn.split(":")[6].startswith("rds!cluster"):
            raise ValueError(
                "is the secret of an Aurora cluster: must be of the instance, which begins with "
                "rds!db-, or one of yours"
            )
        return arn


class ExistingInstance(Model):
    """An RDS for PostgreSQL instance that exists: nothing of it is made or removed here."""

    endpoint: EndpointName = Field(
        description="Its own endpoint, which tokens are signed for: no CNAME, no proxy, no "
        "cluster's. `aws rds describe-db-instances` tells its address."
    )
    # "Settings for DB instances", "Database port".
    port: int = Field(default=5432, ge=1150, le=65535, description="The endpoint's port.")
    resource_id: ExistingResourceId = Field(
        description="The DbiResourceId of the same, which does not change with its name: in "
        "`ManagedPolicy.PolicyDocument`.",
    )
    security_group: SecurityGroupId | None = Field(
        default=None,
        description="A security group of the instance, which rules for Airflow and the users' "
        "function are added to: `SecurityGroupIngress.GroupId`.",
    )
    ranges: list[PrivateRange] = Field(
        default=[],
        max_length=10,
        description="Of the instance's addresses, where it is in another network, which is peered "
        "with this one or joined by a transit gateway: rules name ranges there, those of "
        "`security_group` the network's, and without one its owner lets them in.",
    )
    administrator: RoleName = Field(
        description="A PostgreSQL user that exists, or that `bootstrap` makes, may CREATEROLE and "
        "CREATEDB, and is a member of `rds_iam` with the ADMIN option: the function logs in as it, "
        "with a token."
    )
    bootstrap: Bootstrap | None = Field(
        default=None,
        description="How the master user, which has a password, makes the administrator: once. "
        "Remove it after that deploy, and with it every permission on the secret.",
    )

    @property
    def identifier(self) -> str:
        """The DB instance identifier."""
        return self.endpoint.partition(".")[0]

    @field_validator("endpoint")
    @classmethod
    def _is_an_instances_own(cls, name: str) -> str:
        found = endpoint(name)
        if engine := other_engine(_service(name)):
            raise ValueError(refusal(engine))
        if found is None:
            raise ValueError(
                f"is no endpoint of Amazon RDS: must be Endpoint.Address of `{DESCRIBED}`; a token "
                "is signed for the endpoint's own name, and its certificate is of that name, so "
                "that no CNAME and no address will do"
            )
        if found.kind:
            raise ValueError(
                f"is the endpoint of {KINDS[found.kind]}: must be that of one RDS for PostgreSQL "
                "instance, which is no read replica"
            )
        return name

    @field_validator("resource_id")
    @classmethod
    def _is_an_instances_id(cls, resource_id: str) -> str:
        kinds = {
            "cluster-": "an Aurora cluster",
            "prx-": "an RDS Proxy",
            "arn:": "no id but an ARN",
        }
        for start, kind in kinds.items():
            if resource_id.startswith(start):
                whose = kind if start == "arn:" else f"the id of {kind}"
                raise ValueError(f"is {whose}: must be that of an instance, which begins with db-")
        if not re.fullmatch(r"db-[A-Z0-9]+", resource_id):
            raise ValueError(
                "must be db- and capitals and digits, the DbiResourceId of "
                f"`{DESCRIBED}`: the instance's name is not its id"
            )
        return resource_id

    @model_validator(mode="after")
    def _is_somewhere(self) -> "ExistingInstance":
        if not (self.security_group or self.ranges):
            raise ValueError(
                "must have a security_group, or the ranges of another network that it is in, or "
                "both"
            )
        return self


def _service(endpoint: str) -> str:
    """What the name of an AWS endpoint says of the service: `docdb` before `amazonaws.com`."""
    before, _, _ = endpoint.partition(".amazonaws.com")
    return before.rpartition(".")[2]
