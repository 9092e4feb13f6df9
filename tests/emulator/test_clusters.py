"""Aurora clusters of the local AWS: whose id lets users in where, and that readers only read."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from proof.account import Account
from proof.logins import Endpoint, Identity, connect
from tests.emulator.conftest import (
    ACCOUNT,
    MASTER,
    REGION,
    StackFailedError,
    Stacks,
    allow,
    cluster,
    get,
    resource,
    role,
)

pytestmark = pytest.mark.slow


def member(identifier: str, *, of: str = "Sea", **properties: Any) -> dict[str, Any]:
    """An instance of the cluster with that logical id, unless `properties` are refused."""
    return resource(
        "RDS::DBInstance",
        **{
            "DBInstanceIdentifier": identifier,
            "DBClusterIdentifier": {"Ref": of},
            "DBInstanceClass": "db.serverless",
            "Engine": "aurora-postgresql",
            **properties,
        },
    )


def log_in(at: Identity, user: str, *, eventually: bool = False) -> psycopg.Connection:
    """Log in; where it is what a reader has not heard of yet, within some seconds."""
    until = time.monotonic() + (5 if eventually else 0)
    while True:
        try:
            return connect(at.endpoint, database="postgres", user=user, password=at.token(user))
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="module")
def outputs(stacks: Stacks) -> Generator[dict[str, str]]:
    user = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser"
    resources = {
        "Sea": cluster(DBClusterIdentifier="sea"),
        "One": member("sea-1"),
        "Two": {**member("sea-2"), "DependsOn": "One"},
        "ByCluster": role(
            allow("rds-db:connect", {"Fn::Sub": f"{user}:${{Sea.DBClusterResourceId}}/reader"})
        ),
        "ByInstance": role(
            allow("rds-db:connect", {"Fn::Sub": f"{user}:${{One.DbiResourceId}}/reader"})
        ),
    }
    yield stacks.deploy(
        "sea",
        resources,
        Writer=get("Sea", "Endpoint.Address"),
        Readers=get("Sea", "ReadEndpoint.Address"),
        Port=get("Sea", "Endpoint.Port"),
        One=get("One", "Endpoint.Address"),
        Two=get("Two", "Endpoint.Address"),
        ByCluster=get("ByCluster", "Arn"),
        ByInstance=get("ByInstance", "Arn"),
    )
    assert stacks.delete("sea") == "DELETE_COMPLETE"
    left = stacks.account.client("rds").describe_db_clusters()["DBClusters"]
    assert "sea" not in [one["DBClusterIdentifier"] for one in left]


@pytest.fixture(scope="module")
def master(account: Account, outputs: dict[str, str]) -> Identity:
    at = Endpoint(
        host=outputs["Writer"], port=int(outputs["Port"]), authorities=account.authorities
    )
    found = Identity(name=MASTER, credentials=account.administrator, endpoint=at, region=REGION)
    with closing(log_in(found, MASTER)) as session:
        session.execute("CREATE ROLE reader LOGIN IN ROLE rds_iam")
        session.execute("CREATE TABLE item AS SELECT 42 AS id")
        session.execute("GRANT SELECT, INSERT ON item TO reader")
    return found


def at(one: Identity, host: str) -> Identity:
    return replace(one, endpoint=replace(one.endpoint, host=host))


def test_rds_describes_it_with_both_endpoints_and_who_writes(
    account: Account, outputs: dict[str, str]
) -> None:
    [told] = account.client("rds").describe_db_clusters(DBClusterIdentifier="sea")["DBClusters"]
    assert told["Endpoint"] == outputs["Writer"]
    assert told["ReaderEndpoint"] == outputs["Readers"]
    assert outputs["Writer"].startswith("sea.cluster-c")
    assert outputs["Readers"].startswith("sea.cluster-ro-c")
    assert told["DbClusterResourceId"].startswith("cluster-")
    writers = {
        one["DBInstanceIdentifier"]: one["IsClusterWriter"] for one in told["DBClusterMembers"]
    }
    assert writers == {"sea-1": True, "sea-2": False}
    [one] = account.client("rds").describe_db_instances(DBInstanceIdentifier="sea-2")["DBInstances"]
    assert (one["DBClusterIdentifier"], one["Engine"]) == ("sea", "aurora-postgresql")
    assert one["Endpoint"] == {
        "Address": outputs["Two"],
        "Port": int(outputs["Port"]),
        "HostedZoneId": one["Endpoint"]["HostedZoneId"],
    }


def test_the_clusters_id_lets_in_at_every_endpoint_and_an_instances_at_none(
    account: Account, outputs: dict[str, str], master: Identity
) -> None:
    let_in = replace(master, credentials=account.assume(outputs["ByCluster"], session="test"))
    not_let_in = replace(master, credentials=account.assume(outputs["ByInstance"], session="test"))
    for name in ("Writer", "Readers", "One", "Two"):
        log_in(at(let_in, outputs[name]), "reader", eventually=True).close()
        with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
            log_in(at(not_let_in, outputs[name]), "reader")


def test_a_token_for_the_writer_is_none_for_the_readers(
    outputs: dict[str, str], master: Identity
) -> None:
    elsewhere = replace(master.endpoint, host=outputs["Readers"])
    with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
        connect(elsewhere, database="postgres", user=MASTER, password=master.token(MASTER))


def test_readers_read_what_the_writer_wrote_and_can_be_talked_into_no_write(
    outputs: dict[str, str], master: Identity
) -> None:
    for name in ("Readers", "Two"):
        with closing(log_in(at(master, outputs[name]), MASTER)) as session:
            session.execute("SET default_transaction_read_only = off")
            assert session.execute("SELECT id FROM item").fetchone() == (42,)
            assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
            for statement in ("INSERT INTO item VALUES (1)", "CREATE TEMPORARY TABLE own ()"):
                with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                    session.execute(statement)
    with closing(log_in(at(master, outputs["One"]), MASTER)) as session:
        assert session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        assert session.execute("SELECT to_regproc('aurora_version')::text").fetchone() == (
            "aurora_version",
        )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"Engine": "aurora-mysql"}, "the local AWS has aurora-postgresql alone"),
        (
            {"EnableCloudwatchLogsExports": ["upgrade"]},
            r"EnableCloudwatchLogsExports \['upgrade'\]",
        ),
        ({"EnableIAMDatabaseAuthentication": False}, "requires EnableIAMDatabaseAuthentication"),
        (
            {"ServerlessV2ScalingConfiguration": {"MinCapacity": 4, "MaxCapacity": 2}},
            "4 to 2 capacity units",
        ),
        ({"DBClusterParameterGroupName": "absent"}, "DBClusterParameterGroup not found: absent"),
    ],
)
def test_what_rds_refuses_of_a_cluster_is_refused(
    stacks: Stacks, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(StackFailedError, match=says):
        stacks.deploy("refused-cluster", {"Sea": cluster(**changed)})
    stacks.delete("refused-cluster")
    stacks.made.discard("refused-cluster")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"AllocatedStorage": "20", "MasterUsername": "it"}, "Set AllocatedStorage, MasterUser"),
        ({"Engine": "postgres"}, "is not that of pond"),
    ],
)
def test_what_is_the_clusters_is_refused_of_an_instance(
    stacks: Stacks, changed: dict[str, Any], says: str
) -> None:
    made = {
        "Sea": cluster(DBClusterIdentifier="pond"),
        "One": member("pond-1", **changed),
    }
    with pytest.raises(StackFailedError, match=says):
        stacks.deploy("refused-member", made)
    stacks.delete("refused-member")
    stacks.made.discard("refused-member")


def test_the_reader_writes_once_the_writer_is_gone_and_the_rest_stays(
    stacks: Stacks, account: Account
) -> None:
    both = {
        "Sea": cluster(DBClusterIdentifier="lagoon"),
        "One": member("lagoon-1"),
        "Two": {**member("lagoon-2"), "DependsOn": "One"},
    }
    said = {"Port": get("Sea", "Endpoint.Port"), "Writer": get("Sea", "Endpoint.Address")}
    made = stacks.deploy("lagoon", both, **said)
    endpoint = Endpoint(
        host=made["Writer"], port=int(made["Port"]), authorities=account.authorities
    )
    identity = Identity(
        name=MASTER, credentials=account.administrator, endpoint=endpoint, region=REGION
    )
    with closing(log_in(identity, MASTER)) as session:
        session.execute("CREATE TABLE kept ()")
    del both["One"], both["Two"]["DependsOn"]
    stacks.deploy("lagoon", both, **said)
    with closing(log_in(identity, MASTER)) as session:
        session.execute("INSERT INTO kept DEFAULT VALUES")
    [told] = account.client("rds").describe_db_clusters(DBClusterIdentifier="lagoon")["DBClusters"]
    assert [
        (one["DBInstanceIdentifier"], one["IsClusterWriter"]) for one in told["DBClusterMembers"]
    ] == [("lagoon-2", True)]
    assert stacks.delete("lagoon") == "DELETE_COMPLETE"
