"""What a team declares of an environment: its instances, databases, identities and access."""

from itertools import combinations

from pydantic import Field, field_validator

from airflow_rds_iam.declaration.airflow import Airflow
from airflow_rds_iam.declaration.airflow_names import AIRFLOW, told_apart
from airflow_rds_iam.declaration.delivery import Delivery
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.identities import Identity
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.monitoring import Alarms, DriftCheck
from airflow_rds_iam.declaration.network import Network
from airflow_rds_iam.declaration.part import NO_OTHER_KEYS, Model
from airflow_rds_iam.declaration.review import ReviewSettings
from airflow_rds_iam.declaration.tags import OURS
from airflow_rds_iam.declaration.values import (
    Account,
    IdentityName,
    InstanceName,
    Prefix,
    Region,
    TagKey,
    TagValue,
)

# "IAM and AWS STS quotas": what an account may have them raised to.
MOST_MANAGED_POLICIES = 20
MOST_TRUST_CHARACTERS = 8192


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
        le=MOST_MANAGED_POLICIES,
        description="The account's quota; an identity's role has one for each of its databases, or "
        "fewer with `policies: packed`, Airflow's one or, packed, as few as hold its logins.",
    )
    trust_policy_characters: int = Field(
        default=2048,
        ge=2048,
        le=MOST_TRUST_CHARACTERS,
        description="The account's quota; that of a role for an `oidc` or `saml` identity has each "
        "of its subjects, twice where a source identity is asked for.",
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
