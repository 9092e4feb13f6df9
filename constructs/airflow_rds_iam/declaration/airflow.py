"""The Airflow of an environment."""

from typing import Literal

from pydantic import Field, model_validator

from airflow_rds_iam.declaration.airflow_options import unknown
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow
from airflow_rds_iam.declaration.identities import Layout
from airflow_rds_iam.declaration.part import NO_OTHER_KEYS, Model
from airflow_rds_iam.declaration.values import (
    AirflowKey,
    AirflowName,
    AirflowOption,
    AirflowValue,
    AuthoritiesPath,
    BucketName,
    MaintenanceWindow,
    RetentionDays,
    SourcePath,
)


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
