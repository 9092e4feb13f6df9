"""An Aurora cluster that was there before: its users log in by its id, at both its endpoints."""

import json
from pathlib import Path
from typing import Any

import pytest

from review.declared import Declared
from review.horizon import horizon
from review.matrix.build import matrix
from review.paths.build import paths
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev, written
from tests.existing import CLUSTERED, LAKE, guardrail_errors, refused_by
from tests.templates import properties, statements, text

WRITER = "sea.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com"
READER = "sea.cluster-ro-abcdefghijkl.eu-central-1.rds.amazonaws.com"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes: dict[str, object] = {"instances.sea": CLUSTERED, "instances.lake": LAKE}
    return written(dev(changes), tmp_path_factory.mktemp("cluster") / "dev.yaml")


def test_its_users_are_let_in_by_the_clusters_id(found: dict[str, dict[str, Any]]) -> None:
    users = {
        text(resource).rpartition(":dbuser:")[2]
        for one in statements(found["dev-access"])
        if one["Action"] == ["rds-db:connect"]
        for resource in one["Resource"]
    }
    assert {
        "cluster-SEA/airflow_sales_read",
        "cluster-SEA/airflow_stock_write",
        "cluster-SEA/shop_sales_own",
        "cluster-SEA/platform",
    } <= users


def test_who_reads_has_a_second_connection_to_the_readers_and_nobody_else(
    found: dict[str, dict[str, Any]],
) -> None:
    told = {
        one["Name"].rpartition("/")[2]: json.loads(text(one["SecretString"]))
        for one in properties(found["dev-access"], "AWS::SecretsManager::Secret")
        if "/sea_" in one["Name"]
    }
    assert {name: (one["host"], one["login"]) for name, one in told.items()} == {
        "sea_sales": (WRITER, "airflow_sales_read"),
        "sea_sales_reader": (READER, "airflow_sales_read"),
        "sea_stock": (WRITER, "airflow_stock_write"),
    }


def test_both_connections_may_be_looked_up(found: dict[str, dict[str, Any]]) -> None:
    lookups = [
        text(resource)
        for one in statements(found["dev-access"])
        if one["Action"] == ["secretsmanager:GetSecretValue"]
        for resource in one["Resource"]
    ]
    assert sum("Connectionseasales" in one for one in lookups) == 1
    assert sum("ConnectionReadersseasales" in one for one in lookups) == 1


def test_the_review_speaks_of_it_as_of_any_other(
    access: Access, expected: Declared, outdir: Path, file: Path
) -> None:
    found = matrix(access, expected)
    assert found.disagreements == []
    rows = {(one.identity, one.database): one for one in found.rows if one.server == "sea"}
    assert rows["airflow", "sales"].connections == ["sea_sales", "sea_sales_reader"]
    assert rows["airflow", "stock"].connections == ["sea_stock"]
    assert guardrail_errors(outdir, file) == []
    [sea] = [one for one in access.servers if one.name == "sea"]
    assert sea.arn == "arn:aws:rds:eu-central-1:111122223333:cluster:sea"
    assert sea.log_arn == (
        "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/rds/cluster/sea/postgresql:*"
    )


def test_what_cannot_be_seen_of_it_is_named_with_the_commands_of_a_cluster(
    access: Access, expected: Declared
) -> None:
    gaps = {one.what: one.commands for one in horizon(access, expected)}
    [how] = [commands for what, commands in gaps.items() if what.startswith("How sea is set up")]
    assert how[0] == "aws rds describe-db-clusters --db-cluster-identifier sea"
    [instances] = [commands for what, commands in gaps.items() if "instances of sea" in what]
    assert instances[0] == "aws rds describe-db-instances --filters Name=db-cluster-id,Values=sea"
    assert not [one for one in gaps if "instances of lake" in one]


def test_who_could_change_or_copy_the_cluster_is_asked_by_a_clusters_actions(
    found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    changed = json.loads(json.dumps(found))
    changed["dev-access"]["Resources"]["Meddler"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Roles": ["meddler"],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "rds:ModifyDBCluster",
                        "Resource": "arn:aws:rds:eu-central-1:111122223333:cluster:sea",
                    }
                ],
            },
        },
    }
    access = Access(of_templates(changed), expected.arns_by_role)
    found_paths = paths(access, expected)
    assert [one for one in found_paths if one.who == "meddler" and one.how == "modify sea"]


def test_a_connection_to_readers_of_another_cluster_is_refused(
    found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    assert not refused_by("connections-sign-tokens", found, expected)
    changed = json.loads(json.dumps(found))
    for one in properties(changed["dev-access"], "AWS::SecretsManager::Secret"):
        if one["Name"].endswith("/sea_sales_reader"):
            one["SecretString"] = one["SecretString"].replace("sea.cluster-ro", "pond.cluster-ro")
    [said] = refused_by("connections-sign-tokens", changed, expected)
    assert "sends airflow_sales_read's token to pond.cluster-ro-" in said
