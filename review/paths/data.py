"""Ways to the data of a server that need no login."""

from collections.abc import Iterator

from review.paths.model import Way
from review.paths.needs import any_of_its_choice, way
from review.templates.access import Access
from review.templates.servers import Server

# Backups are there already: RDS makes them each day.
COPYING = (
    # What is there already, such as the last one of a server that was replaced, is shared by this.
    ("rds:ModifyDBSnapshotAttribute",),
    ("rds:StartExportTask", "iam:PassRole"),
    ("rds:RestoreDBInstanceFromDBSnapshot", "rds:ModifyDBInstance"),
    ("rds:RestoreDBInstanceToPointInTime", "rds:ModifyDBInstance"),
    # RDS makes a password for the master user of what it restores, and keeps it as a secret.
    ("rds:RestoreDBInstanceFromDBSnapshot", "secretsmanager:GetSecretValue"),
    ("rds:RestoreDBInstanceToPointInTime", "secretsmanager:GetSecretValue"),
    ("rds:CreateBlueGreenDeployment", "rds:ModifyDBInstance"),
    # Into a data warehouse, by RDS itself ("Amazon RDS zero-ETL integrations").
    ("rds:CreateIntegration",),
    # AWS Backup's own, which the service makes with the role that it is passed.
    ("backup:StartRestoreJob", "iam:PassRole", "rds:ModifyDBInstance"),
    ("backup:StartCopyJob", "iam:PassRole"),
    ("backup:CreateBackupPlan", "backup:CreateBackupSelection", "iam:PassRole"),
    ("backup:StartBackupJob", "iam:PassRole", "backup:PutBackupVaultAccessPolicy"),
)
# A replica is the data, and somebody else's once it is promoted.
REPLICATING = {
    "instance": (
        ("rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"),
        ("rds:CreateDBCluster", "rds:ModifyDBCluster"),
    ),
    "cluster": (
        (
            "rds:CreateGlobalCluster", "rds:CreateDBCluster", "rds:RemoveFromGlobalCluster",
            "rds:ModifyDBCluster",
        ),
    ),
}  # fmt: skip
_OF_A_CLUSTER = {
    "rds:ModifyDBInstance": "rds:ModifyDBCluster",
    "rds:ModifyDBSnapshotAttribute": "rds:ModifyDBClusterSnapshotAttribute",
    "rds:RestoreDBInstanceFromDBSnapshot": "rds:RestoreDBClusterFromSnapshot",
    "rds:RestoreDBInstanceToPointInTime": "rds:RestoreDBClusterToPointInTime",
}
READING = (
    ("logs:FilterLogEvents",),
    ("logs:GetLogEvents",),
    ("logs:GetLogRecord",),
    ("logs:StartQuery", "logs:GetQueryResults"),
    ("logs:StartLiveTail",),
    ("logs:PutSubscriptionFilter",),
    ("logs:CreateExportTask",),
    ("logs:CreateScheduledQuery", "iam:PassRole"),
    ("logs:CreateLogAnomalyDetector", "logs:ListAnomalies"),
    # Lets in whom it likes.
    ("logs:PutResourcePolicy",),
    # What a line says becomes the name of a metric's dimension.
    ("logs:PutMetricFilter", "cloudwatch:ListMetrics"),
)
# Of the whole account at once, or of what it shares.
READING_ALL = (
    ("logs:PutAccountPolicy",),
    ("oam:CreateLink", "logs:Link"),
    # What others have asked of it.
    ("logs:DescribeQueries", "logs:GetQueryResults"),
    ("logs:GetScheduledQueryHistory", "logs:GetQueryResults"),
    # Into tables, or an index, beside it.
    ("logs:AssociateSourceToS3TableIntegration", "s3tables:GetTableData"),
    ("logs:PutIntegration", "iam:PassRole"),
)
# Performance Insights keeps statements, with the values that are written into them.
SAMPLED = (
    "pi:DescribeDimensionKeys", "pi:GetDimensionKeyDetails", "pi:GetResourceMetrics",
    "pi:GetPerformanceAnalysisReport",
)  # fmt: skip


def by_the_server(server: Server, access: Access) -> Iterator[Way]:
    """To change a server, to copy it, or to read its log."""
    arn = server.arn
    if arn is None:
        return
    cluster = server.is_cluster
    everything = [f"everything on {server.name}"]
    modify = "rds:ModifyDBCluster" if cluster else "rds:ModifyDBInstance"
    yield way(f"modify {server.name}", everything, (modify, arn))
    for actions in (*COPYING, *REPLICATING["cluster" if cluster else "instance"]):
        named = [_OF_A_CLUSTER.get(each, each) if cluster else each for each in actions]
        # What is modified thereafter is the copy.
        needs = [(each, arn if _of_the_source(each) else any_of_its_choice(each)) for each in named]
        yield way(f"copy, restore or share the data of {server.name}", everything, *needs)
    if cluster:
        yield way(
            f"read the statements on {server.name} in its activity stream",
            everything,
            ("rds:StartActivityStream", arn),
            ("kinesis:GetRecords", any_of_its_choice("kinesis:GetRecords")),
        )
    if server.master_secret:
        told = server.master_secret.metadata["MasterSecret"]
        key = [("kms:Decrypt", str(told["Key"]))] if told.get("Key") else []
        yield way(
            f"read the password of the master user of {server.name}, and become its administrator",
            everything,
            ("secretsmanager:GetSecretValue", str(told["Secret"])),
            *key,
        )
    logs = [
        log.attribute("Arn")
        for log in access.assembly.of_type("AWS::Logs::LogGroup")
        if str(log.properties.get("LogGroupName", "")).endswith(f"/{server.name}/postgresql")
    ]
    for log in [*logs, *([server.log_arn] if server.log_arn and not logs else [])]:
        for actions in READING:
            needs = [(each, log) for each in actions]
            yield way(f"read the statements in the log of {server.name}", everything, *needs)
    for actions in READING_ALL:
        needs = [(each, any_of_its_choice(each)) for each in actions]
        yield way(f"read the statements in the log of {server.name}", everything, *needs)
    for action in SAMPLED:
        for samples in server.samples or [any_of_its_choice(action)]:
            yield way(
                f"read statements of {server.name} in Performance Insights",
                everything,
                (action, samples),
            )
    for action in ("rds:DownloadCompleteDBLogFile", "rds:DownloadDBLogFilePortion"):
        # The files of a cluster's log are its instances'.
        of = any_of_its_choice(action) if cluster else arn
        yield way(f"read the statements in the log of {server.name}", everything, (action, of))


def _of_the_source(action: str) -> bool:
    """Whether IAM asks for an action with the ARN of what is copied."""
    return "PointInTime" in action or ("Create" in action and action != "rds:CreateDBCluster")
