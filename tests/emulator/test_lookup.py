"""`make lookup`, asked of the local AWS, and of RDS as it documents clusters and replicas."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml
from botocore.exceptions import ClientError

from airflow_rds_iam.declaration.lookups import FILE
from deployed import lookup
from deployed.lookup import LookupRefusedError, looked_up
from tests.emulator.conftest import ACCOUNT, REGION, Stacks, cluster, instance


def declaring(folder: Path, *names: str, account: str = ACCOUNT) -> Path:
    file = folder / "team.yaml"
    instances = {name: {"existing": {"lookup": name}} for name in names}
    file.write_text(yaml.safe_dump({"account": account, "region": REGION, "instances": instances}))
    return file


@pytest.mark.usefixtures("as_administrator")
def test_what_rds_tells_is_written_beside_the_declaration(
    stacks: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks.deploy("looked-up", {"Server": instance(DBInstanceIdentifier="looked-up")})
    (tmp_path / FILE).write_text('{"444455556666/eu-west-1": {"other": {"port": 5432}}}')
    assert lookup.main(["--environment", str(declaring(tmp_path, "looked-up"))]) == 0
    content = json.loads((tmp_path / FILE).read_text())
    rds = stacks.account.client("rds")
    [told] = rds.describe_db_instances(DBInstanceIdentifier="looked-up")["DBInstances"]
    server = content[f"{ACCOUNT}/{REGION}"]["looked-up"]
    assert server["endpoint"] == told["Endpoint"]["Address"]
    assert server["port"] == told["Endpoint"]["Port"]
    assert server["resource_id"] == told["DbiResourceId"]
    assert content["444455556666/eu-west-1"] == {"other": {"port": 5432}}
    assert f"Commit {tmp_path / FILE}" in capsys.readouterr().out


@pytest.mark.usefixtures("as_administrator")
def test_a_cluster_is_asked_by_its_own_identifier(stacks: Stacks, tmp_path: Path) -> None:
    stacks.deploy("pool", {"Pool": cluster(DBClusterIdentifier="pool")})
    assert lookup.main(["--environment", str(declaring(tmp_path, "pool"))]) == 0
    told = json.loads((tmp_path / FILE).read_text())[f"{ACCOUNT}/{REGION}"]["pool"]
    assert told["endpoint"].startswith("pool.cluster-")
    assert told["resource_id"].startswith("cluster-")
    assert "reader_endpoint" not in told


@pytest.mark.usefixtures("as_administrator")
@pytest.mark.parametrize(
    ("of", "says"),
    [
        (ACCOUNT, "instances.absent.existing.lookup: 'absent': RDS has no cluster and no instance"),
        ("444455556666", f"account: '444455556666': your credentials are of {ACCOUNT}"),
    ],
)
def test_what_is_not_there_is_told_with_its_line_and_nothing_is_written(
    of: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = declaring(tmp_path, "absent", account=of)
    assert lookup.main(["--environment", str(file)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{file}:")
    assert says in said
    assert not (tmp_path / FILE).exists()


ONE: dict[str, Any] = {
    "DBInstanceIdentifier": "it",
    "DbiResourceId": "db-IT",
    "Endpoint": {"Address": "it.abc.eu-central-1.rds.amazonaws.com", "Port": 5433},
    "Engine": "postgres",
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
}
SEA: dict[str, Any] = {
    "DBClusterIdentifier": "it",
    "DbClusterResourceId": "cluster-IT",
    "Endpoint": "it.cluster-abc.eu-central-1.rds.amazonaws.com",
    "ReaderEndpoint": "it.cluster-ro-abc.eu-central-1.rds.amazonaws.com",
    "Port": 5432,
    "Engine": "aurora-postgresql",
    "DBClusterMembers": [{"DBInstanceIdentifier": "it-1", "IsClusterWriter": True}],
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
}


def rds(*, cluster: dict[str, Any] | None = None, one: dict[str, Any] | None = None) -> Mock:
    """RDS with at most one thing of that name, whose errors are as the API reference has them."""

    def describing(found: dict[str, Any] | None, kind: str, code: str) -> Any:
        if found is not None:
            return Mock(return_value={f"{kind}s": [found]})
        answer: Any = {"Error": {"Code": code, "Message": "not found"}}
        return Mock(side_effect=ClientError(answer, f"Describe{kind}s"))

    return Mock(
        describe_db_clusters=describing(cluster, "DBCluster", "DBClusterNotFoundFault"),
        describe_db_instances=describing(one, "DBInstance", "DBInstanceNotFound"),
    )


def test_a_cluster_has_its_own_id_and_its_readers_where_it_has_some() -> None:
    alone = looked_up(rds(cluster=SEA), "it")
    assert alone == {
        "endpoint": SEA["Endpoint"],
        "port": 5432,
        "resource_id": "cluster-IT",
        "security_group": "sg-1",
    }
    reader = {"DBInstanceIdentifier": "it-2", "IsClusterWriter": False}
    members = [*SEA["DBClusterMembers"], reader]
    with_reader = looked_up(rds(cluster={**SEA, "DBClusterMembers": members}), "it")
    assert with_reader == {**alone, "reader_endpoint": SEA["ReaderEndpoint"]}


def test_of_several_security_groups_none_is_chosen() -> None:
    groups = [{"VpcSecurityGroupId": f"sg-{number}"} for number in (1, 2)]
    assert "security_group" not in looked_up(rds(one={**ONE, "VpcSecurityGroups": groups}), "it")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Engine": "mysql"}, "is of MySQL, and this application knows PostgreSQL alone"),
        ({"DBClusterIdentifier": "sea"}, "is an instance of the cluster sea: look that up"),
        ({"ReadReplicaSourceDBInstanceIdentifier": "ledger"}, "is a read replica of ledger"),
        ({"Endpoint": None}, "has no endpoint yet"),
    ],
)
def test_what_cannot_be_worked_with_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(LookupRefusedError, match=says):
        looked_up(rds(one={**ONE, **change}), "it")


def test_who_may_not_ask_is_told_so() -> None:
    denied = rds()
    answer: Any = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
    denied.describe_db_clusters.side_effect = ClientError(answer, "DescribeDBClusters")
    with pytest.raises(ClientError, match="not authorized"):
        looked_up(denied, "it")
