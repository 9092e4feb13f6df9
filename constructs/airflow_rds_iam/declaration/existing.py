"""A server that a team has already, as far as it must be told of it."""

import re

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from airflow_rds_iam.declaration.engines import other_engine, refusal
from airflow_rds_iam.declaration.existing_network import PrivateRange
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.rds_endpoint import CLUSTER, KINDS, READERS, endpoint
from airflow_rds_iam.declaration.values import (
    EndpointName,
    ExistingResourceId,
    KeyArn,
    RoleName,
    SecretArn,
    SecurityGroupId,
    ServerIdentifier,
)

DESCRIBED = "aws rds describe-db-instances"
CLUSTERS = "aws rds describe-db-clusters"


class Bootstrap(Model):
    """The master user's password, with which the administrator is made in the next deploy."""

    secret: SecretArn = Field(
        description="The ARN of the secret with the master user's `username` and `password`: RDS's "
        "own, MasterUserSecret.SecretArn of `aws rds describe-db-instances`, or of "
        "`describe-db-clusters`, or one of yours.",
    )
    key: KeyArn | None = Field(
        default=None,
        description="The KMS key of yours that the secret is encrypted with. Default: Secrets "
        "Manager's.",
    )


class ExistingInstance(Model):
    """An RDS for PostgreSQL instance, or an Aurora PostgreSQL cluster, that exists.

    Nothing of it is made or removed here.
    """

    model_config = ConfigDict(
        json_schema_extra={
            # Of which a look-up tells the others.
            "required": ["administrator"],
            "oneOf": [{"required": ["lookup"]}, {"required": ["endpoint", "resource_id"]}],
        }
    )

    lookup: ServerIdentifier | None = Field(
        default=None,
        description="Its identifier in RDS, in the place of `endpoint`, `reader_endpoint`, `port`, "
        "`resource_id` and, where it has one alone, `security_group`: `make lookup` asks once.",
    )
    endpoint: EndpointName = Field(
        description="Its own endpoint, which tokens are signed for: no CNAME, no proxy, and of a "
        "cluster that of its writer. `aws rds describe-db-instances`, or `describe-db-clusters`, "
        "tells its address."
    )
    reader_endpoint: EndpointName | None = Field(
        default=None,
        description="Of a cluster with readers: theirs, by which each Airflow gets a second "
        "connection, `<instance>_<database>_reader`, to what it may `read`.",
    )
    # "Settings for DB instances", "Database port".
    port: int = Field(default=5432, ge=1150, le=65535, description="The endpoint's port.")
    resource_id: ExistingResourceId = Field(
        description="The DbiResourceId of the same, or a cluster's DbClusterResourceId, which does "
        "not change with its name: in `ManagedPolicy.PolicyDocument`.",
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
        """The identifier of the DB instance or DB cluster."""
        return self.endpoint.partition(".")[0]

    @property
    def is_cluster(self) -> bool:
        """Whether it is an Aurora cluster, whose users log in by the cluster's id."""
        return _is_clusters(self.endpoint)

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
        if found.kind not in ("", CLUSTER):
            raise ValueError(
                f"is the endpoint of {KINDS[found.kind]}: must be that of one RDS for PostgreSQL "
                "instance, which is no read replica, or of an Aurora PostgreSQL cluster's writer"
            )
        return name

    @field_validator("reader_endpoint")
    @classmethod
    def _is_of_the_same_cluster(cls, name: str | None, told: ValidationInfo) -> str | None:
        wanted = str(told.data.get("endpoint", "")).replace(f".{CLUSTER}-", f".{READERS}-", 1)
        if name is None or "endpoint" not in told.data:
            return name
        if not _is_clusters(told.data["endpoint"]):
            raise ValueError("must go with the endpoint of an Aurora cluster: no other has readers")
        if name != wanted:
            raise ValueError(f"must be the reader endpoint of the same cluster, {wanted}")
        return name

    @field_validator("resource_id")
    @classmethod
    def _is_the_servers_id(cls, resource_id: str, told: ValidationInfo) -> str:
        if "endpoint" not in told.data:  # of which kind it is to be, that would say
            return resource_id
        cluster = _is_clusters(told.data["endpoint"])
        begins, key, command = (
            ("cluster-", "DbClusterResourceId", CLUSTERS)
            if cluster
            else ("db-", "DbiResourceId", DESCRIBED)
        )
        server = "a cluster" if cluster else "an instance"
        kinds = {
            "db-": "an instance",
            "cluster-": "an Aurora cluster",
            "prx-": "an RDS Proxy",
            "arn:": "no id but an ARN",
        }
        for start, kind in kinds.items():
            if resource_id.startswith(start) and start != begins:
                whose = kind if start == "arn:" else f"the id of {kind}"
                raise ValueError(
                    f"is {whose}: must be that of {server}, which begins with {begins}"
                )
        if not re.fullmatch(rf"{begins}[A-Z0-9]+", resource_id):
            raise ValueError(
                f"must be {begins} and capitals and digits, the {key} of `{command}`: the "
                f"{'cluster' if cluster else 'instance'}'s name is not its id"
            )
        return resource_id

    @field_validator("bootstrap")
    @classmethod
    def _has_the_secret_of_the_same_kind(
        cls, bootstrap: Bootstrap | None, told: ValidationInfo
    ) -> Bootstrap | None:
        # "Password management with Amazon RDS and AWS Secrets Manager", and that of Aurora.
        kind = bootstrap and re.match(r"rds!(db|cluster)-", bootstrap.secret.split(":")[6])
        if kind and "endpoint" in told.data:
            wanted = "cluster" if _is_clusters(told.data["endpoint"]) else "db"
            whose = {"db": "an instance", "cluster": "an Aurora cluster"}
            if kind[1] != wanted:
                raise ValueError(
                    f"secret: is that of {whose[kind[1]]}: must be of {whose[wanted]}, which "
                    f"begins with rds!{wanted}-, or one of yours"
                )
        return bootstrap

    @model_validator(mode="after")
    def _is_somewhere(self) -> "ExistingInstance":
        if not (self.security_group or self.ranges):
            raise ValueError(
                "must have a security_group, or the ranges of another network that it is in, or "
                "both"
            )
        return self


def _is_clusters(name: str) -> bool:
    found = endpoint(name)
    return found is not None and found.kind == CLUSTER


def _service(endpoint: str) -> str:
    """What the name of an AWS endpoint says of the service: `docdb` before `amazonaws.com`."""
    before, _, _ = endpoint.partition(".amazonaws.com")
    return before.rpartition(".")[2]
