"""The RDS instances and Aurora clusters of an environment."""

from typing import Literal

from pydantic import Field, model_validator

from airflow_rds_iam.declaration.capacity import Capacity
from airflow_rds_iam.declaration.databases import Database
from airflow_rds_iam.declaration.engines import AURORA, Engine
from airflow_rds_iam.declaration.existing import ExistingInstance
from airflow_rds_iam.declaration.part import NO_OTHER_KEYS, Model
from airflow_rds_iam.declaration.values import (
    DatabaseName,
    EngineVersion,
    InstanceClass,
    ResourceId,
    RetentionDays,
)


class Storage(Model):
    """The storage of an instance (gp3)."""

    gib: int = Field(
        default=20, ge=20, le=65536, description="GiB at first: `DBInstance.AllocatedStorage`."
    )
    max_gib: int = Field(
        default=100,
        ge=22,
        le=65536,
        description="GiB to grow to by itself: `DBInstance.MaxAllocatedStorage`.",
    )

    @model_validator(mode="after")
    def _room_to_grow(self) -> "Storage":
        # RDS wants at least 10 % more ("Managing capacity automatically with storage autoscaling").
        if self.max_gib * 10 < self.gib * 11:
            raise ValueError(f"max_gib must be at least 10 % above gib ({self.gib})")
        return self


OF_ANY_INSTANCE = {
    "existing",
    "engine",
    "mode",
    "connections_per_user",
    "access_stack",
    "databases",
}
"""What is declared of an instance, whoever made it."""

OF_AN_INSTANCE = {
    "storage": "the storage of a cluster grows by itself",
    "multi_az": "the readers of a cluster are its standbys",
    "allow_major_version_upgrade": "CloudFormation upgrades a cluster by its engine_version alone",
}
"""What is of an RDS for PostgreSQL instance that is made, and why not of a cluster."""
OF_A_CLUSTER = ("serverless", "readers")


class Instance(Model):
    """An RDS for PostgreSQL instance or an Aurora PostgreSQL cluster, new or there already."""

    existing: ExistingInstance | None = Field(
        default=None,
        description="The instance, where it exists already; `engine`, `mode`, "
        "`connections_per_user`, `access_stack` and `databases` alone go with it. Default: it is "
        "made.",
    )
    engine: Engine = Field(
        default="postgres",
        description="RDS for PostgreSQL, or Aurora PostgreSQL, which is a cluster; of one that "
        "exists its endpoint says it: `DBInstance.Engine`, `DBCluster.Engine`.",
    )
    mode: Literal["manage", "observe"] = Field(
        default="manage",
        description="Whether what is declared of its databases is brought about, or the function "
        "only plans and checks, and nobody is given access.",
    )
    engine_version: EngineVersion = Field(
        default="17",
        description="PostgreSQL 16, 17 or 18, with or without a minor version: "
        "`DBInstance.EngineVersion`, `DBParameterGroup.Family`, and those of a cluster.",
    )
    # IAM authentication wants 300 to 1,000 MiB of memory besides what the database uses
    # ("IAM database authentication for MariaDB, MySQL, and PostgreSQL").
    instance_class: InstanceClass = Field(
        default="db.t4g.medium",
        alias="class",
        description="DB instance class: `DBInstance.DBInstanceClass`.",
    )
    serverless: Capacity | None = Field(
        default=None,
        description="Of a cluster without a `class`: the capacity of each of its instances.",
    )
    readers: int = Field(
        default=1,
        ge=0,
        le=15,
        description="Of a cluster: how many instances only read, by whose endpoint each Airflow "
        "gets a second connection, `<instance>_<database>_reader`, to what it may `read`.",
    )
    storage: Storage = Field(
        default=Storage(), description="Its storage (gp3); that of a cluster grows by itself."
    )
    multi_az: bool = Field(
        default=True,
        description="A standby in a second zone: `DBInstance.MultiAZ`. Those of a cluster are its "
        "`readers`.",
    )
    backup_days: int = Field(
        default=7,
        ge=1,
        le=35,
        description="Days of automated backups: `DBInstance.BackupRetentionPeriod`.",
    )
    deletion_protection: bool = Field(
        default=True, description="RDS refuses to delete it: `DBInstance.DeletionProtection`."
    )
    retain: bool = Field(
        default=True,
        description="Keep the instance and all that it stands on when the stack is removed: "
        "DeletionPolicy and UpdateReplacePolicy of each.",
    )
    allow_major_version_upgrade: bool = Field(
        default=False,
        description="Let RDS upgrade it to another major `engine_version`: "
        "`DBInstance.AllowMajorVersionUpgrade`.",
    )
    resource_id: ResourceId | None = Field(
        default=None,
        description="Its DbiResourceId, or a cluster's DbClusterResourceId, where it was restored "
        "outside CloudFormation: in `ManagedPolicy.PolicyDocument`.",
    )
    log_retention_days: RetentionDays = Field(
        default=365, description="Days of log events: `LogGroup.RetentionInDays`."
    )
    connections_per_user: int = Field(
        default=50,
        ge=1,
        le=5000,
        description="How many connections each login user may have at once, one user for each "
        "grant (`ALTER ROLE … CONNECTION LIMIT`): `DatabaseUsers.Databases`.",
    )
    access_stack: Literal["shared", "own"] = Field(
        default="shared",
        description="Whether what follows from its grants stands in the environment's access stack,"
        " of 500 resources at most, or in one of its `own`, nested in that.",
    )
    databases: dict[DatabaseName, Database] = Field(
        min_length=1,
        description="Its databases, by name, and who may do what in each: made with the roles "
        "`<database>_owner`, `_writer` and `_reader`. Of a name that is none in lower case with "
        "digits and _, or too long, roles have what is left of it and a hash.",
        json_schema_extra=NO_OTHER_KEYS,
    )

    def identifier(self, environment: str, name: str) -> str:
        """What RDS calls it: the instance ``name`` of ``environment``."""
        return self.existing.identifier if self.existing else f"{environment}-{name}"

    @property
    def is_cluster(self) -> bool:
        """Whether it is an Aurora cluster, made here or not."""
        return self.existing.is_cluster if self.existing else self.engine == AURORA

    @property
    def has_readers(self) -> bool:
        """Whether it has an endpoint of instances that only read."""
        if self.existing:
            return self.existing.reader_endpoint is not None
        return self.is_cluster and self.readers > 0

    @model_validator(mode="after")
    def _nothing_of_what_exists_is_changed(self) -> "Instance":
        if self.existing:
            cluster = self.existing.is_cluster
            if "engine" in self.model_fields_set and cluster != (self.engine == AURORA):
                raise ValueError(
                    f"engine: {self.engine} must go with the endpoint of "
                    f"{'an instance' if cluster else 'a cluster'}"
                )
            self.refuse_beside_existing("an instance", allowed=OF_ANY_INSTANCE)
        elif self.mode == "observe":
            raise ValueError(
                "mode: observe must go with `existing`: on an instance that is made here, nobody "
                "was there before"
            )
        return self

    @model_validator(mode="after")
    def _is_of_its_engine(self) -> "Instance":
        if self.existing:
            return self
        for key in sorted(self.model_fields_set):
            if self.is_cluster and key in OF_AN_INSTANCE:
                raise ValueError(f"{key} must not go with engine: {AURORA}: {OF_AN_INSTANCE[key]}")
            if not self.is_cluster and key in OF_A_CLUSTER:
                raise ValueError(f"{key} is of a cluster: must go with engine: {AURORA}")
        if self.is_cluster and ("instance_class" in self.model_fields_set) == bool(self.serverless):
            raise ValueError(
                f"engine: {AURORA} must go with either a class, that of each instance, or "
                "serverless, its capacity units"
            )
        begins = "cluster-" if self.is_cluster else "db-"
        if self.resource_id and not self.resource_id.startswith(begins):
            raise ValueError(
                f"resource_id {self.resource_id!r} is of another kind: with engine: {self.engine} "
                f"it must begin with {begins}"
            )
        return self
