"""What RDS plainly refuses of an Aurora cluster and its instances."""

import re

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties
from emulator.rds.validation import (
    IDENTIFIER,
    check_backups,
    check_group,
    check_logs,
    check_master,
    check_monitoring,
    check_network,
    check_upgrade,
    require,
)
from emulator.rds.validation import check_parameters as check_parameters

ENGINE = "aurora-postgresql"
SERVERLESS = "db.serverless"
# API reference, CreateDBCluster.
_LOGS = {"iam-db-auth-error", "instance", "postgresql"}
# API reference, CreateDBInstance: what "doesn't apply to Amazon Aurora DB instances".
_OF_THE_CLUSTER = (
    "AllocatedStorage",
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DBName",
    "DeletionProtection",
    "EnableCloudwatchLogsExports",
    "EnableIAMDatabaseAuthentication",
    "KmsKeyId",
    "ManageMasterUserPassword",
    "MasterUserAuthenticationType",
    "MasterUserPassword",
    "MasterUsername",
    "MaxAllocatedStorage",
    "MultiAZ",
    "Port",
    "StorageEncrypted",
    "StorageType",
    "VPCSecurityGroups",
)


def check_cluster(emulator: Emulator, properties: Properties, *, exists: bool = False) -> None:
    """ValueError unless RDS would make a cluster of these properties."""
    given = properties.get
    identifier = given("DBClusterIdentifier", "x")
    require(
        IDENTIFIER.fullmatch(identifier) and len(identifier) <= 63,
        f"DBClusterIdentifier {identifier!r}: letters, digits and single hyphens, 63 at most",
    )
    taken = not exists and identifier in emulator.store("rds", "_clusters")
    require(not taken, f"DB Cluster already exists: {identifier}")
    engine, release = given("Engine"), str(given("EngineVersion", ""))
    require(engine == ENGINE, f"Engine {engine!r}: the local AWS has {ENGINE} alone")
    require(
        re.fullmatch(r"1[3-8]\.\d+|1[3-8]", release),
        f"EngineVersion {release!r}: a version of Aurora PostgreSQL, such as 17.5",
    )
    # Every server here is at a port of its own; RDS's default is MySQL's, of Aurora PostgreSQL too.
    require(given("Port"), "Port: without one, RDS takes 3306 for a provisioned cluster")
    check_master(properties)
    check_backups(properties, least=1)
    check_logs(properties, _LOGS)
    check_network(emulator, properties, "VpcSecurityGroupIds")
    major = release.split(".")[0]
    check_group(emulator, properties, "DBClusterParameterGroupName", f"{ENGINE}{major}")
    if scaling := given("ServerlessV2ScalingConfiguration"):
        _check_capacity(float(scaling["MinCapacity"]), float(scaling["MaxCapacity"]))


def _check_capacity(least: float, most: float) -> None:
    # "Aurora Serverless v2 capacity": in steps of 0.5.
    require(
        0 <= least <= most and 1 <= most <= 256 and not (least * 2 % 1 or most * 2 % 1),
        f"ServerlessV2ScalingConfiguration: {least:g} to {most:g} capacity units: 0 to 256 at "
        "least, 1 to 256 at most, in steps of 0.5",
    )


def check_change(old: Properties, new: Properties) -> None:
    """ValueError unless RDS would change a cluster's version so.

    CloudFormation has no property that allows another major version: it asks for it with each.
    """
    check_upgrade(old, {**new, "AllowMajorVersionUpgrade": True}, ENGINE)


def check_member(emulator: Emulator, properties: Properties, *, exists: bool = False) -> None:
    """ValueError unless RDS would make an instance of these properties in its cluster."""
    given = properties.get
    identifier, name = given("DBInstanceIdentifier", "x"), given("DBClusterIdentifier")
    require(
        IDENTIFIER.fullmatch(identifier) and len(identifier) <= 63,
        f"DBInstanceIdentifier {identifier!r}: letters, digits and single hyphens, 63 at most",
    )
    taken = not exists and identifier in emulator.store("rds", "_instances")
    require(not taken, f"DB instance already exists: {identifier}")
    cluster = emulator.store("rds", "_clusters").get(name)
    if cluster is None:
        raise ValueError(f"DBCluster {name} not found.")
    require(given("Engine") == ENGINE, f"Engine {given('Engine')!r} is not that of {name}")
    if asked := [key for key in _OF_THE_CLUSTER if key in properties]:
        raise ValueError(
            "The requested DB Instance will be a member of a DB Cluster. Set "
            f"{', '.join(asked)} for the DB Cluster."
        )
    kind = str(given("DBInstanceClass", ""))
    require(kind.startswith("db."), f"DBInstanceClass {kind!r}: a class such as db.r7g.large")
    require(
        kind != SERVERLESS or cluster.get("ServerlessV2ScalingConfiguration"),
        "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a "
        "Serverless v2 DB instance.",
    )
    check_monitoring(emulator, properties)
    major = str(cluster["EngineVersion"]).split(".")[0]
    check_group(emulator, properties, "DBParameterGroupName", f"{ENGINE}{major}")
