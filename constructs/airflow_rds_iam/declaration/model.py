"""What a team declares of an environment: its instances, databases, identities and access."""

from itertools import combinations
from typing import Literal

from pydantic import Field, field_validator, model_validator

from airflow_rds_iam.declaration.airflow_names import AIRFLOW, told_apart
from airflow_rds_iam.declaration.airflow_options import unknown
from airflow_rds_iam.declaration.capacity import Capacity
from airflow_rds_iam.declaration.delivery import Delivery
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.engines import AURORA, Engine
from airflow_rds_iam.declaration.existing import ExistingInstance
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow
from airflow_rds_iam.declaration.identities import Identity, Layout
from airflow_rds_iam.declaration.network import Network
from airflow_rds_iam.declaration.part import NO_OTHER_KEYS, Model
from airflow_rds_iam.declaration.review import ReviewSettings, Terms
from airflow_rds_iam.declaration.schedule import hours_between
from airflow_rds_iam.declaration.values import (
    Account,
    AirflowKey,
    AirflowName,
    AirflowOption,
    AirflowValue,
    AuthoritiesPath,
    Because,
    BucketName,
    DatabaseName,
    DataClass,
    EngineVersion,
    IdentityName,
    InstanceClass,
    InstanceName,
    MaintenanceWindow,
    OldOwner,
    Prefix,
    Region,
    ResourceId,
    RetentionDays,
    Schedule,
    SourcePath,
    TagKey,
    TagValue,
    TopicArn,
)

Level = Literal["read", "write", "own"]
LEVELS: tuple[Level, ...] = ("read", "write", "own")

OURS = "airflow-rds-iam:"
"""What the keys of tags begin with that permissions rest on."""

LOOKED_UP_BY = f"{OURS}looked-up-by"
"""The tag of a connection's secret: the environment whose Airflow may look it up."""


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


class Database(Model):
    """A database and who may do what in it. An identity has one level.

    A grant becomes a login user, `<identity>_<database>_<level>`, and a `ManagedPolicy` of the
    identity's role; one of airflow's a `Policy` and the connection in a `Secret`.
    """

    read: list[IdentityName] = Field(default=[], description="Identities that may SELECT.")
    write: list[IdentityName] = Field(
        default=[],
        description="Identities that may also INSERT, UPDATE, DELETE and TRUNCATE.",
    )
    own: list[IdentityName] = Field(
        default=[], description="Identities that may also create, alter and drop objects."
    )
    terms: dict[IdentityName, Terms] = Field(
        default={},
        description="Until when and why, by identity: of the grants above.",
        json_schema_extra=NO_OTHER_KEYS,
    )
    data_class: DataClass | None = Field(
        default=None, alias="class", description="The class of its data, for `review.rules`."
    )
    adopt: bool = Field(
        default=False,
        description="Hand the objects of `old_owners` to `<database>_owner` (REASSIGN OWNED).",
    )
    old_owners: list[OldOwner] = Field(
        default=[], description="PostgreSQL roles whose objects `adopt` hands over."
    )

    @model_validator(mode="after")
    def _old_owners_are_adopted(self) -> "Database":
        if self.adopt != bool(self.old_owners):
            raise ValueError("`adopt: true` and a list of `old_owners` go together")
        return self

    def identities(self, level: Level) -> list[str]:
        """The identities granted ``level``, in the order declared."""
        return {"read": self.read, "write": self.write, "own": self.own}[level]


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


class Workers(Model):
    """How many workers the environment scales between."""

    min: int = Field(
        default=1, ge=1, le=25, description="Workers at least: `Environment.MinWorkers`."
    )
    max: int = Field(
        default=5, ge=1, le=25, description="Workers at most: `Environment.MaxWorkers`."
    )


class WebServers(Model):
    """How many web servers the environment scales between."""

    min: int = Field(
        default=2, ge=1, le=5, description="Web servers at least: `Environment.MinWebservers`."
    )
    max: int = Field(
        default=2, ge=1, le=5, description="Web servers at most: `Environment.MaxWebservers`."
    )


LogLevel = Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"]
Component = Literal["dag_processing", "scheduler", "task", "webserver", "worker"]


class Airflow(Model):
    """The Amazon MWAA environment: a new one, or an Airflow that exists."""

    existing: ExistingAirflow | None = Field(
        default=None,
        description="An Airflow that exists already, on Amazon MWAA or anywhere; `policies` and "
        "`other_policies` alone go with it. Default: an environment is made.",
    )
    name: AirflowName | None = Field(
        default=None,
        description="The environment's name: `Environment.Name`. Default: that of the "
        "declaration's file.",
    )
    # The images on Amazon MWAA with IAM authentication in their PostgreSQL provider.
    version: Literal["3.3.1", "3.2.1", "3.0.6", "2.11.2"] = Field(
        default="3.3.1", description="Version of Apache Airflow: `Environment.AirflowVersion`."
    )
    environment_class: Literal[
        "mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"
    ] = Field(
        default="mw1.small",
        alias="class",
        description="Amazon MWAA environment class: `Environment.EnvironmentClass`.",
    )
    workers: Workers = Field(
        default=Workers(), description="How many workers it scales between; mw1.micro has one."
    )
    schedulers: int = Field(
        default=2, ge=1, le=5, description="`Environment.Schedulers`: 2 or more; 1 with mw1.micro."
    )
    web_servers: WebServers | None = Field(
        default=None,
        description="How many web servers it scales between. Default: 2; 1 with mw1.micro.",
    )
    web_server_access: Literal["private", "public", "public_and_private"] = Field(
        default="private",
        description="Whether Airflow's page is in the VPC alone, on the internet behind IAM, or "
        "both (Airflow 3.2 or newer), with which tasks need no way to the internet: "
        "`Environment.WebserverAccessMode`.",
    )
    configuration: dict[AirflowOption, AirflowValue] = Field(
        default={},
        description="Airflow configuration options, such as core.parallelism: "
        "`Environment.AirflowConfigurationOptions`.",
        json_schema_extra=NO_OTHER_KEYS,
    )
    log_level: LogLevel = Field(
        default="INFO",
        description="Of each of Airflow's five logs: `Environment.LoggingConfiguration`.",
    )
    log_levels: dict[Component, LogLevel] = Field(
        default={},
        description="Of some of them, another: `Environment.LoggingConfiguration`.",
    )
    maintenance_window: MaintenanceWindow | None = Field(
        default=None,
        description="When the two hours in the week begin, in which Amazon MWAA may maintain it: "
        "`Environment.WeeklyMaintenanceWindowStart`. Default: Amazon MWAA chooses.",
    )
    log_retention_days: RetentionDays = Field(
        default=90, description="Days of log events: `LogGroup.RetentionInDays`."
    )
    worker_replacement: Literal["graceful", "forced"] = Field(
        default="graceful",
        description="Whether an update lets running tasks finish, up to 12 hours, or ends them: "
        "`Environment.WorkerReplacementStrategy`.",
    )
    policies: Layout = Field(
        default="separate",
        description="How its role is let in: a `Policy` in the role for each database, or `packed`:"
        " a statement for each, in as few a `ManagedPolicy` as hold them, for hundreds.",
    )
    other_policies: int = Field(
        default=0,
        ge=0,
        le=19,
        description="Managed policies that the role of an Airflow that exists has anyway, of "
        "`managed_policies_per_role`; with `policies: packed`.",
    )
    authorities: AuthoritiesPath | None = Field(
        default=None,
        description="Path on the workers of the certificates that RDS's are verified with: "
        "sslrootcert in each connection (`Secret.SecretString`). "
        "Default: that of the copy which is delivered beside the DAGs.",
    )
    plugins: SourcePath | None = Field(
        default=None,
        description="Folder of plugins, delivered as a zip file that is the same bytes for the "
        "same files: `Environment.PluginsS3Path`.",
    )
    startup_script: SourcePath | None = Field(
        default=None,
        description="Shell script that each component runs before Airflow: "
        "`Environment.StartupScriptS3Path`.",
    )
    key: AirflowKey | None = Field(
        default=None,
        description="A KMS key of yours for bucket, queue and logs, or `aws` for those that AWS "
        "owns: `Environment.KmsKey`. Default: one is made.",
    )
    bucket: BucketName | None = Field(
        default=None,
        description="An S3 bucket of yours, versioned, closed to the public and encrypted with "
        "`key`, which takes the files below `<environment's name>/dags`: "
        "`Environment.SourceBucketArn`. Default: one is made.",
    )
    replaces: AirflowName | None = Field(
        default=None,
        description="Name of the deployed environment in whose place this one, of another `name`, "
        "is made. Without it `make deploy` refuses what would replace an environment, with the "
        "history of its runs: another name, key or subnets.",
    )

    @model_validator(mode="after")
    def _nothing_of_what_exists_is_changed(self) -> "Airflow":
        if self.existing:
            self.refuse_beside_existing(
                "an environment", allowed={"existing", "policies", "other_policies"}
            )
        if self.other_policies and not (self.existing and self.policies == "packed"):
            raise ValueError(
                "other_policies must go with `existing`, as a role made here has none, and with "
                "policies: packed, as no other is a managed policy"
            )
        return self

    @model_validator(mode="after")
    def _a_bucket_has_its_key(self) -> "Airflow":
        if self.bucket and not self.key:
            raise ValueError(
                f"bucket {self.bucket!r} must go with key: what it is encrypted with, a KMS key's "
                "ARN, or aws for S3's own keys (SSE-S3)"
            )
        return self

    @property
    def major(self) -> int:
        """The major version of Airflow."""
        return int(self.version.partition(".")[0])

    @property
    def has_both_pages(self) -> bool:
        """Whether the page can be public and private at once (API reference)."""
        return tuple(map(int, self.version.split("."))) >= (3, 2)

    @model_validator(mode="after")
    def _counts_fit_the_class(self) -> "Airflow":
        for name, count in (("workers", self.workers), ("web_servers", self.web_servers)):
            if count and count.min > count.max:
                raise ValueError(
                    f"{name}.min ({count.min}) must not exceed {name}.max ({count.max})"
                )
        # "Amazon MWAA environment class" and the API reference: micro has one of each.
        web_servers = self.web_servers
        if self.environment_class == "mw1.micro":
            fits = (self.schedulers, self.workers.max) == (1, 1)
            if not fits or (web_servers and web_servers.max > 1):
                raise ValueError(
                    "class mw1.micro has one of each: must have schedulers: 1, workers.max: 1 and, "
                    "if any are declared, web_servers of min: 1 and max: 1"
                )
        elif self.schedulers < 2 or (web_servers and web_servers.min < 2):
            raise ValueError(
                f"class {self.environment_class} must have 2 to 5 schedulers and 2 to 5 web servers"
            )
        return self

    @model_validator(mode="after")
    def _version_has_the_page(self) -> "Airflow":
        if self.web_server_access == "public_and_private" and not self.has_both_pages:
            raise ValueError(
                "web_server_access: public_and_private must go with Airflow 3.2 or newer, not "
                f"{self.version}"
            )
        return self

    @model_validator(mode="after")
    def _options_are_airflows(self) -> "Airflow":
        for option in self.configuration:
            if option.startswith("secrets."):
                raise ValueError(f"configuration option {option!r} is set by this application")
            if why := unknown(option, self.version):
                raise ValueError(why)
        return self


class DriftCheck(Model):
    """A regular comparison of the servers with the declaration."""

    schedule: Schedule = Field(
        default="rate(1 day)",
        description="When, by EventBridge Scheduler, once a day or more often: "
        "`Schedule.ScheduleExpression`.",
    )

    @field_validator("schedule")
    @classmethod
    def _what_is_missing_is_missed(cls, schedule: str) -> str:
        hours_between(schedule)
        return schedule


class Alarms(Model):
    """Who is told of an alarm, and of its end."""

    topic_arn: TopicArn | None = Field(
        default=None, description="SNS topic of every alarm: `Alarm.AlarmActions`."
    )
    nobody_because: Because | None = Field(
        default=None, description="Why there is none, which acknowledges the warning."
    )

    @model_validator(mode="after")
    def _somebody_or_nobody(self) -> "Alarms":
        if self.topic_arn and self.nobody_because:
            raise ValueError("must be a topic_arn or nobody_because, not both")
        return self


class Declaration(Model):
    """One environment. Its name is that of its file."""

    account: Account | None = Field(
        default=None, description="AWS account of each stack. Default: that of the credentials."
    )
    region: Region | None = Field(
        default=None, description="AWS region of each stack. Default: that of the credentials."
    )
    tags: dict[TagKey, TagValue] = Field(
        default={},
        # 50, and subnets have three of the CDK's.
        max_length=47,
        description="`Tags` of every resource that takes them.",
        json_schema_extra=NO_OTHER_KEYS,
    )
    managed_policies_per_role: int = Field(
        default=10,
        ge=1,
        le=20,
        description="The account's quota; an identity's role has one for each of its databases, or "
        "fewer with `policies: packed`, Airflow's one or, packed, as few as hold its logins.",
    )
    prefix: Prefix | None = Field(
        default=None,
        description="What stands before each database in the names of its roles, "
        "`<prefix>_<database>_owner` and `<identity>_<prefix>_<database>_<level>`, so that several "
        "environments share an instance: `DatabaseUsers.Databases`.",
    )
    network: Network = Field(default=Network(), description="The VPC.")
    instances: dict[InstanceName, Instance] = Field(
        min_length=1,
        description="RDS instances and Aurora clusters, by name: each a stack, and, if it is made "
        "here, `<environment>-<name>` in RDS (`DBInstance.DBInstanceIdentifier`, "
        "`DBCluster.DBClusterIdentifier`).",
        json_schema_extra=NO_OTHER_KEYS,
    )
    one_airflow: Airflow = Field(
        default=Airflow(),
        alias="airflow",
        description="The Amazon MWAA environment, whose role is the identity `airflow`.",
    )
    several_airflows: dict[IdentityName, Airflow] | None = Field(
        default=None,
        alias="airflows",
        description="In place of `airflow`: several, by the identity that each one's role is, or "
        "none, `{}`. One called airflow is what `airflow` would declare; another's `name` is by "
        "default the declaration's file's and its own, `<environment>-<identity>`.",
        json_schema_extra=NO_OTHER_KEYS,
    )
    drift_check: DriftCheck = Field(
        default=DriftCheck(),
        description="A regular comparison of the servers with the declaration.",
    )
    alarms: Alarms = Field(
        default=Alarms(),
        description="Who is told of an alarm, and of its end. A synthesis warns while nobody is.",
    )
    review: ReviewSettings = Field(
        default=ReviewSettings(), description="What each synthesis is held against."
    )
    delivery: Delivery | None = Field(
        default=None, description="Pipelines that may deploy, if any may: a stack of their roles."
    )
    identities: dict[IdentityName, Identity] = Field(
        default={},
        description="Identities beside airflow, or those of `airflows`, which are the execution "
        "roles.",
        json_schema_extra=NO_OTHER_KEYS,
    )

    @property
    def airflows(self) -> dict[str, Airflow]:
        """Every Airflow, by the identity that its role is."""
        several = self.several_airflows
        return {AIRFLOW: self.one_airflow} if several is None else several

    def airflow_path(self, identity: str) -> Path:
        """Where that Airflow is declared."""
        return ("airflow",) if self.several_airflows is None else ("airflows", identity)

    def airflow_name(self, identity: str, *, environment: str) -> str:
        """What Amazon MWAA calls that Airflow, made in the environment ``environment``."""
        return self.airflows[identity].name or told_apart(environment, identity)

    def connections_prefix(self, identity: str, *, environment: str) -> str | None:
        """What stands before the names of that Airflow's connections; None if none are made."""
        if existing := self.airflows[identity].existing:
            return existing.connections_prefix
        return f"airflow/{self.airflow_name(identity, environment=environment)}/connections"

    def whose_task(self, identity: str) -> str | None:
        """The Airflow whose tasks take that identity's role, if they do."""
        declared = self.identities.get(identity)
        if declared is None or not declared.task_role:
            return None
        return declared.airflow or next(iter(self.airflows), None)

    @property
    def role_arns(self) -> dict[str, str]:
        """The roles that exist, by the identity that each is of; an Airflow's is one."""
        return {
            **{name: one.existing.role_arn for name, one in self.airflows.items() if one.existing},
            **{name: one.role_arn for name, one in self.identities.items() if one.role_arn},
        }

    @field_validator("tags")
    @classmethod
    def _tags_are_ours(cls, tags: dict[str, str]) -> dict[str, str]:
        for key in tags:
            for prefix in ("aws:", OURS):
                if key.lower().startswith(prefix):
                    raise ValueError(f"{key!r} is reserved: no key may begin with {prefix}")
        # IAM user guide, "Tags for AWS Identity and Access Management resources".
        for one, other in combinations(tags, 2):
            if one.lower() == other.lower():
                raise ValueError(f"{one!r} and {other!r} are the same key to IAM")
        return tags
