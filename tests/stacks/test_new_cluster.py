"""Aurora clusters that are made, one that scales and one of a class, and who comes to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployed.stack import servers_of
from review.declared import Declared
from review.matrix.build import matrix
from review.paths.build import paths
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev, written
from tests.existing import guardrail_errors, refused_by
from tests.templates import of_type, properties, statements, text, the

SEA = {
    "engine": "aurora-postgresql",
    "engine_version": "17.5",
    "serverless": {"min": 1, "max": 8},
    "backup_days": 21,
    "databases": {"sales": {"own": ["shop"], "read": ["airflow"]}},
}
POND = {
    "engine": "aurora-postgresql",
    "class": "db.r7g.large",
    "readers": 0,
    "retain": False,
    "deletion_protection": False,
    "databases": {"stock": {"read": ["airflow"]}},
}
CLUSTER, INSTANCE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes: dict[str, object] = {"instances.sea": SEA, "instances.pond": POND}
    return written(dev(changes), tmp_path_factory.mktemp("made") / "dev.yaml")


@pytest.fixture(scope="module")
def sea(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return found["dev-database-sea"]


@pytest.fixture(scope="module")
def pond(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return found["dev-database-pond"]


def test_nobody_has_a_password_and_every_session_has_tls(sea: dict[str, Any]) -> None:
    cluster = the(sea, CLUSTER)["Properties"]
    assert cluster["MasterUserAuthenticationType"] == "iam-db-auth"
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert "password" not in json.dumps(sea).lower()
    [group] = of_type(sea, "AWS::RDS::DBClusterParameterGroup")
    assert cluster["DBClusterParameterGroupName"] == {"Ref": group}
    parameters = the(sea, "AWS::RDS::DBClusterParameterGroup")["Properties"]
    assert parameters["Family"] == "aurora-postgresql17"
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    assert parameters["Parameters"]["log_statement"] == "all"


def test_it_is_encrypted_backed_up_private_and_logged_before_it_is_made(
    sea: dict[str, Any],
) -> None:
    resource = the(sea, CLUSTER)
    cluster = resource["Properties"]
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == properties(sea, INSTANCE)[0]["PerformanceInsightsKMSKeyId"]
    assert cluster["BackupRetentionPeriod"] == 21
    assert cluster["EnableCloudwatchLogsExports"] == ["postgresql", "iam-db-auth-error"]
    groups = of_type(sea, "AWS::Logs::LogGroup")
    assert {one["Properties"]["LogGroupName"] for one in groups.values()} == {
        f"/aws/rds/cluster/dev-sea/{log}" for log in ("postgresql", "iam-db-auth-error")
    }
    assert {*groups} <= {*resource["DependsOn"]}
    assert {one["PubliclyAccessible"] for one in properties(sea, INSTANCE)} == {False}
    assert {one["MonitoringInterval"] for one in properties(sea, INSTANCE)} == {60}


def test_capacity_or_a_class_and_readers_are_as_declared(
    sea: dict[str, Any], pond: dict[str, Any]
) -> None:
    capacity = the(sea, CLUSTER)["Properties"]["ServerlessV2ScalingConfiguration"]
    assert capacity == {"MinCapacity": 1, "MaxCapacity": 8}
    assert {
        one["DBInstanceIdentifier"]: one["DBInstanceClass"] for one in properties(sea, INSTANCE)
    } == {"dev-sea-1": "db.serverless", "dev-sea-2": "db.serverless"}
    assert "ServerlessV2ScalingConfiguration" not in the(pond, CLUSTER)["Properties"]
    assert the(pond, INSTANCE)["Properties"]["DBInstanceClass"] == "db.r7g.large"


def test_the_first_instance_writes_as_the_others_come_after_it(sea: dict[str, Any]) -> None:
    by_name = {
        one["Properties"]["DBInstanceIdentifier"]: (logical_id, one.get("DependsOn", []))
        for logical_id, one in of_type(sea, INSTANCE).items()
    }
    assert by_name["dev-sea-1"][0] in by_name["dev-sea-2"][1]


def test_it_stays_with_all_that_it_stands_on_or_goes_as_is_declared(
    sea: dict[str, Any], pond: dict[str, Any]
) -> None:
    kinds = (
        CLUSTER,
        INSTANCE,
        "AWS::RDS::DBClusterParameterGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::Logs::LogGroup",
        "AWS::KMS::Key",
    )
    for template, policy in ((sea, "RetainExceptOnCreate"), (pond, "Delete")):
        for kind in kinds:
            found = {
                one.get("DeletionPolicy", "Delete") for one in of_type(template, kind).values()
            }
            assert found == {policy}, kind
    assert the(sea, CLUSTER)["Properties"]["DeletionProtection"] is True


def test_what_can_fail_is_made_before_what_cannot_be_taken_away(sea: dict[str, Any]) -> None:
    before = {*the(sea, CLUSTER)["DependsOn"]}
    rules = of_type(sea, "AWS::EC2::SecurityGroupIngress")
    assert rules
    assert {*rules} <= before
    assert not before & {*of_type(sea, INSTANCE)}


def test_users_log_in_by_the_clusters_id(found: dict[str, dict[str, Any]]) -> None:
    [resource] = [
        text(one)
        for statement in statements(found["dev-access"])
        if statement["Action"] == ["rds-db:connect"]
        for one in statement["Resource"]
        if text(one).endswith("/airflow_sales_read")
    ]
    assert "DBClusterResourceId" in resource


def test_who_reads_has_a_second_connection_where_there_are_readers(
    found: dict[str, dict[str, Any]],
) -> None:
    hosts = {
        one["Name"].rpartition("/")[2]: text(one["SecretString"])
        for one in properties(found["dev-access"], "AWS::SecretsManager::Secret")
    }
    assert "ReadEndpoint" in hosts["sea_sales_reader"]
    assert "pond_stock" in hosts
    assert "pond_stock_reader" not in hosts


def test_its_alarms_and_its_page_are_of_a_cluster(found: dict[str, dict[str, Any]]) -> None:
    alarms = [
        one
        for one in properties(found["dev-access"], "AWS::CloudWatch::Alarm")
        if "dev-sea" in json.dumps(one) and "AirflowRdsIam" not in json.dumps(one)
    ]
    # Of each instance its connections, and no storage, which grows by itself.
    assert sorted(
        each["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        for one in alarms
        for each in one.get("Metrics", ())
        if "MetricStat" in each
    ) == ["dev-sea-1", "dev-sea-2"]
    [page] = [
        text(one["DashboardBody"])
        for one in properties(found["dev-access"], "AWS::CloudWatch::Dashboard")
        if one["DashboardName"] == "dev-sea"
    ]
    assert "VolumeBytesUsed" in page
    assert "FreeStorageSpace" not in page
    assert "/aws/rds/cluster/dev-sea/postgresql" in page
    [queries] = {
        group
        for one in properties(found["dev-database-sea"], "AWS::Logs::QueryDefinition")
        for group in one["LogGroupNames"]
    }
    assert queries == "/aws/rds/cluster/dev-sea/postgresql"


def test_matrix_and_guardrails_hold_and_name_it(
    outdir: Path, file: Path, access: Access, expected: Declared
) -> None:
    assert guardrail_errors(outdir, file) == []
    shown = matrix(access, expected)
    assert shown.disagreements == []
    rows = {(one.identity, one.database): one for one in shown.rows if one.server == "dev-sea"}
    assert rows["airflow", "sales"].connections == ["sea_sales", "sea_sales_reader"]


@pytest.mark.parametrize(
    ("rule", "kind", "change", "says"),
    [
        ("private-port", INSTANCE, {"PubliclyAccessible": True}, "has a public address"),
        ("tls", CLUSTER, {"DBClusterParameterGroupName": "other"}, "takes sessions without TLS"),
        ("log-exports", CLUSTER, {"EnableCloudwatchLogsExports": []}, "does not export its logs"),
        ("no-password", CLUSTER, {"ManageMasterUserPassword": True}, "has a password"),
        (
            "iam-authentication",
            CLUSTER,
            {"EnableIAMDatabaseAuthentication": False},
            "takes no IAM authentication",
        ),
    ],
)
def test_a_guardrail_refuses_a_cluster_that_lacks_it(
    rule: str,
    kind: str,
    change: dict[str, Any],
    says: str,
    found: dict[str, dict[str, Any]],
    expected: Declared,
) -> None:
    changed = json.loads(json.dumps(found))
    the(changed["dev-database-pond"], kind)["Properties"].update(change)
    [said] = refused_by(rule, changed, expected)
    assert says in said


def test_who_reads_statements_in_performance_insights_reads_them_of_its_instances(
    found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    changed = json.loads(json.dumps(found))
    [pond] = of_type(changed["dev-database-pond"], INSTANCE)
    changed["dev-database-pond"]["Resources"]["Meddler"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Roles": ["meddler"],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "pi:GetResourceMetrics",
                        "Resource": {
                            "Fn::Sub": "arn:aws:pi:eu-central-1:111122223333:metrics/rds/"
                            f"${{{pond}.DbiResourceId}}"
                        },
                    }
                ],
            },
        },
    }
    access = Access(of_templates(changed), expected.arns_by_role)
    assert [
        one
        for one in paths(access, expected)
        if one.who == "meddler" and "dev-pond in Performance Insights" in one.how
    ]


@pytest.mark.slow
def test_cfn_lint_finds_nothing(outdir: Path) -> None:
    import cfnlint.api  # pyright: ignore[reportMissingTypeStubs]
    from cfnlint.config import ManualArgs  # pyright: ignore[reportMissingTypeStubs]

    config = ManualArgs(ignore_checks=["W3005", "W3691", "W3045", "I"])
    for name in ("sea", "pond"):
        template = (outdir / f"dev-database-{name}.template.json").read_text()
        assert cfnlint.api.lint(template, config=config) == []


def test_a_removal_speaks_of_the_cluster_and_not_of_its_instances(sea: dict[str, Any]) -> None:
    assert [one["Type"] for one in servers_of(sea).values()] == [CLUSTER]
