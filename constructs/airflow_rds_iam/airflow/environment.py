"""An Amazon MWAA environment that looks its connections up in Secrets Manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_mwaa as mwaa
from aws_cdk import aws_s3 as s3
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge_aws_key, acknowledge_rule
from airflow_rds_iam.airflow import requirements
from airflow_rds_iam.airflow.airflow import secrets_backend
from airflow_rds_iam.airflow.execution_role import ExecutionRole
from airflow_rds_iam.airflow.files import (
    PLUGINS,
    STARTUP_SCRIPT,
    FileError,
    check_startup_script,
    plugin_files,
    write_plugins,
)
from airflow_rds_iam.airflow.images import IMAGES
from airflow_rds_iam.certificates import RDS_CERTIFICATES
from airflow_rds_iam.declaration.airflow import Component, LogLevel
from airflow_rds_iam.declaration.values import RetentionDays
from airflow_rds_iam.delivery.bucket_files import BucketFiles
from airflow_rds_iam.delivery.bundling import copy_file, copy_tree
from airflow_rds_iam.delivery.function_code import copy_packages
from airflow_rds_iam.keys import allow_cloudwatch_logs, arn_from_id

# Each with the key that it has in the environment's logging configuration.
LOG_GROUPS = {
    "DAGProcessing": "dag_processing_logs",
    "Scheduler": "scheduler_logs",
    "Task": "task_logs",
    "WebServer": "webserver_logs",
    "Worker": "worker_logs",
}

# Where each component has the bucket's DAGs ("Adding or updating DAGs").
WORKERS_DAGS = "/usr/local/airflow/dags"
DELIVERED_AUTHORITIES = f"certificates/{RDS_CERTIFICATES.name}"

ACCESS_MODES = {
    "private": "PRIVATE_ONLY",
    "public": "PUBLIC_ONLY",
    "public_and_private": "PUBLIC_AND_PRIVATE",
}


class AirflowEnvironment(Construct):
    """An Amazon MWAA environment with its execution role and log groups, bucket and key.

    Args:
        name: the environment's name.
        subnets: two private subnets in two zones.
        security_group: lets Airflow's components reach each other, AWS and the databases.
        dags: folder delivered to the bucket, with a ``requirements.txt``.
        configuration: Airflow configuration options, such as ``core.parallelism``.
        authorities: where the workers have RDS's certificates, if not in the copy that is
            delivered beside the DAGs.
        log_level: of each of the five logs that ``log_levels`` does not name.
        maintenance_window: its weekly start in UTC, such as ``SUN:03:30``; the service chooses if
            it is None.
        log_retention_days: days that CloudWatch Logs takes.
        plugins: a folder, delivered as ``plugins.zip``.
        startup_script: a shell script, which each component runs before Airflow.
        key: of bucket, queue and logs: one that exists, whose policy lets CloudWatch Logs use it,
            or those that AWS owns; one is made if it is None.
        bucket: one that exists, versioned and encrypted with ``key``; one is made if it is None.

    Raises:
        FileError: the plugins or the script could not be taken.
        RequirementsError: the image of ``version``, where it is known, could not install the
            folder's ``requirements.txt``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        dags: Path,
        version: str = "3.3.1",
        environment_class: str = "mw1.small",
        min_workers: int = 1,
        max_workers: int = 5,
        schedulers: int = 2,
        min_web_servers: int | None = None,
        max_web_servers: int | None = None,
        web_server_access: Literal["private", "public", "public_and_private"] = "private",
        configuration: Mapping[str, str] | None = None,
        log_level: LogLevel = "INFO",
        log_levels: Mapping[Component, LogLevel] | None = None,
        maintenance_window: str | None = None,
        log_retention_days: RetentionDays = 90,
        worker_replacement: Literal["graceful", "forced"] = "graceful",
        authorities: str | None = None,
        plugins: Path | None = None,
        startup_script: Path | None = None,
        key: kms.IKey | Literal["aws"] | None = None,
        bucket: s3.IBucket | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.connections_prefix = f"airflow/{name}/connections"
        self.authorities = authorities or f"{WORKERS_DAGS}/{DELIVERED_AUTHORITIES}"
        image = IMAGES.get(version)
        if image:
            requirements.check(dags / "requirements.txt", image)
        if image and not image.engines_sign:
            Annotations.of(self).add_warning_v2(
                "airflow-rds-iam:engines-sign-no-token",
                f"Airflow {version} has version {image.postgres} of the postgres provider, whose "
                "engines (get_sqlalchemy_engine, get_pandas_df) sign no token and are refused: "
                "take signing_engine, which is delivered beside the DAGs, or a later version",
            )
        log_group_prefix = f"airflow-{name}-"
        used = self._key(name, log_group_prefix) if key is None else key
        key = None if used == "aws" else used
        # What is another's has a folder of this environment's own, which goes with it.
        prefix = f"{name}/dags" if bucket else "dags"
        bucket = bucket or self._bucket(key)
        others = _Others(plugins=plugins, startup_script=startup_script)
        others.check(dags)
        files = BucketFiles(
            self,
            "Files",
            bucket=bucket,
            key=key,
            prefix=prefix,
            source=dags,
            assemble=lambda target: _assemble(dags, target, others),
            versioned=["requirements.txt", *others.names],
        )
        role = ExecutionRole(
            self, "ExecutionRole", environment_name=name, bucket=bucket, key=key
        ).role
        self.execution_role = cast("iam.IRole", role)
        # By its name, which others refer to already: who is let in changes no stack but theirs.
        self.execution_role_arn = Stack.of(self).format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=self.execution_role.role_name,
        )
        levels = {str(component): level for component, level in (log_levels or {}).items()}
        environment = mwaa.CfnEnvironment(
            self,
            "Environment",
            name=name,
            airflow_version=version,
            environment_class=environment_class,
            min_workers=min_workers,
            max_workers=max_workers,
            schedulers=schedulers,
            min_webservers=min_web_servers,
            max_webservers=max_web_servers,
            webserver_access_mode=ACCESS_MODES[web_server_access],
            weekly_maintenance_window_start=maintenance_window,
            worker_replacement_strategy=worker_replacement.upper(),
            execution_role_arn=self.execution_role.role_arn,
            kms_key=key and arn_from_id(key),
            source_bucket_arn=bucket.bucket_arn,
            dag_s3_path=prefix,
            requirements_s3_path=f"{prefix}/requirements.txt",
            requirements_s3_object_version=files.version("requirements.txt"),
            plugins_s3_path=f"{prefix}/{PLUGINS}" if plugins else None,
            plugins_s3_object_version=files.version(PLUGINS) if plugins else None,
            startup_script_s3_path=f"{prefix}/{STARTUP_SCRIPT}" if startup_script else None,
            startup_script_s3_object_version=(
                files.version(STARTUP_SCRIPT) if startup_script else None
            ),
            network_configuration=mwaa.CfnEnvironment.NetworkConfigurationProperty(
                subnet_ids=[subnet.subnet_id for subnet in subnets],
                security_group_ids=[security_group.security_group_id],
            ),
            airflow_configuration_options={
                **(configuration or {}),
                **secrets_backend(self.connections_prefix),
            },
            logging_configuration=mwaa.CfnEnvironment.LoggingConfigurationProperty(
                **{
                    component: mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty(
                        enabled=True,
                        log_level=levels.get(component.removesuffix("_logs"), log_level),
                    )
                    for component in LOG_GROUPS.values()
                }
            ),
        )
        # The service would make its log groups itself, without retention and without the key.
        for component in LOG_GROUPS:
            group = logs.CfnLogGroup(
                self,
                f"Logs-{component}",
                log_group_name=log_group_prefix + component,
                retention_in_days=log_retention_days,
                kms_key_id=key and key.key_arn,
            )
            if key is None:
                acknowledge_aws_key(group)
            group.apply_removal_policy(RemovalPolicy.DESTROY)
            environment.add_resource_dependency(group)
        # The service checks the role's permissions while it makes the environment.
        environment.node.add_dependency(self.execution_role)

    def _key(self, name: str, log_group_prefix: str) -> kms.IKey:
        key = kms.Key(
            self,
            "Key",
            description=f"Airflow environment {name}: bucket, queue and logs",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # Those of the function that delivers the files have names that CloudFormation makes.
        for prefix in (f"{Stack.of(self).stack_name}-", log_group_prefix):
            allow_cloudwatch_logs(key, log_group_prefix=prefix)
        return cast("kms.IKey", key)

    def _bucket(self, key: kms.IKey | None) -> s3.Bucket:
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,  # the one that log delivery can write with
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(365), noncurrent_version_expiration=Duration.days(1)
                )
            ],
        )
        acknowledge_rule(
            access_logs,
            "S3DefaultEncryptionKMS",
            reason="S3 delivers access logs to a bucket that encrypts with S3's own keys alone, "
            "as its user guide says of a destination bucket.",
        )
        bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=bool(key),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=access_logs,
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=Duration.days(90))],
            removal_policy=RemovalPolicy.DESTROY,
        )
        if key is None:
            acknowledge_rule(
                bucket,
                "S3DefaultEncryptionKMS",
                reason="The keys that AWS owns are asked for, and with those Amazon MWAA takes a "
                "bucket that encrypts with S3's own.",
            )
        acknowledge_rule(
            bucket,
            "S3BucketReplicationEnabled",
            reason="Each deploy delivers again what is in it, from the repository: a copy would be "
            "a second place from which somebody could change the code.",
        )
        acknowledge_rule(
            access_logs,
            "S3BucketReplicationEnabled",
            reason="It tells of one bucket, whose content is in the repository; CloudTrail's own "
            "trail is where an account keeps its record of calls.",
        )
        return bucket


@dataclass(frozen=True, kw_only=True)
class _Others:
    """What is delivered beside the DAGs, where no component of Airflow looks for one."""

    plugins: Path | None
    startup_script: Path | None

    @property
    def names(self) -> list[str]:
        found = {PLUGINS: self.plugins, STARTUP_SCRIPT: self.startup_script}
        return [name for name, source in found.items() if source]

    def check(self, dags: Path) -> None:
        """Here, since what fails while an asset is bundled comes back as an error of jsii's."""
        for name in self.names:
            if (dags / name).exists():
                raise FileError(f"{dags / name}: is delivered from elsewhere: choose another name")
        if self.plugins:
            plugin_files(self.plugins)
        if self.startup_script:
            check_startup_script(self.startup_script)

    def assemble(self, target: Path) -> None:
        if self.plugins:
            write_plugins(self.plugins, target / PLUGINS)
        if self.startup_script:
            copy_file(self.startup_script, target / STARTUP_SCRIPT)


def _assemble(dags: Path, target: Path, others: _Others) -> None:
    copy_tree(dags, target)
    others.assemble(target)
    copy_packages(target, "doctor", "rds_login", distributions=("pg8000",))
    copy_file(RDS_CERTIFICATES, target / DELIVERED_AUTHORITIES)
