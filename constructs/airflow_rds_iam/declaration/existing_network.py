"""A network that a team has already, as far as it must be told of it."""

from itertools import combinations
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.ranges import private
from airflow_rds_iam.declaration.values import (
    Range,
    RouteTableId,
    SecurityGroupId,
    SubnetId,
    VpcId,
    Zone,
)

PrivateRange = Annotated[Range, AfterValidator(private)]

# Amazon MWAA, "Creating the required VPC service endpoints in an Amazon VPC with private routing";
# Secrets Manager holds the Airflow connections. Signing a database token needs no endpoint.
Service = Literal[
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
    "sts",
    "s3",
]
S3, STS = "s3", "sts"
INTERFACES: tuple[str, ...] = tuple(one for one in get_args(Service) if one not in (S3, STS))
"""The services whose endpoint is an interface in the subnets; that of S3 is a route. STS is needed
where tasks take roles alone."""


class ExistingSubnet(Model):
    """A private subnet of the VPC."""

    id: SubnetId = Field(description="Its id: where Airflow, functions and new instances are.")
    zone: Zone = Field(description="The letter of its availability zone.")


class ExistingNetwork(Model):
    """A VPC that exists: made in it are security groups, and endpoints that are missing."""

    vpc: VpcId = Field(description="The VPC's id.")
    subnets: list[ExistingSubnet] = Field(
        min_length=2,
        max_length=6,
        description="Private subnets, each in a zone of its own. Airflow uses the first two.",
    )
    ranges: list[PrivateRange] = Field(
        default=[],
        max_length=10,
        description="Of the VPC's addresses: what rules of an instance elsewhere, with "
        "`existing.ranges`, let in.",
    )
    missing_endpoints: list[Service] = Field(
        default=[],
        description="Services that Airflow needs, and that the VPC has neither an endpoint for nor "
        "another way to: made here.",
    )
    route_tables: list[RouteTableId] = Field(
        default=[], description="Those of the subnets, to which an endpoint of s3 is added."
    )
    endpoints_security_group: SecurityGroupId | None = Field(
        default=None,
        description="That of the VPC's interface endpoints, if it lets in by group: Airflow's is "
        "added, at port 443, and that of a function which reads a secret (`bootstrap`).",
    )

    @property
    def missing_interfaces(self) -> list[str]:
        """The missing ones that are interfaces."""
        return [one for one in self.missing_endpoints if one != S3]

    @model_validator(mode="after")
    def _subnets_differ(self) -> "ExistingNetwork":
        for one, other in combinations(self.subnets, 2):
            if one.id == other.id:
                raise ValueError(f"subnets must differ: {one.id} is declared twice")
            # Nor could an endpoint be in both (EC2 API reference, CreateVpcEndpoint).
            if one.zone == other.zone:
                raise ValueError(
                    f"subnets must each be in a zone of its own: {one.id} and {other.id} are both "
                    f"in {one.zone}"
                )
        return self

    @model_validator(mode="after")
    def _endpoints_can_be_made(self) -> "ExistingNetwork":
        for one, other in combinations(self.missing_endpoints, 2):
            if one == other:
                raise ValueError(f"missing_endpoints must differ: {one} is declared twice")
        if (S3 in self.missing_endpoints) != bool(self.route_tables):
            raise ValueError(
                "missing_endpoints with s3 and route_tables go together: the endpoint of s3 is a "
                "route in each"
            )
        return self
