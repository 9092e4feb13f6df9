"""An Aurora cluster that is made: deployed, used at both its endpoints, revoked, destroyed."""

import json
from pathlib import Path

import psycopg
import pytest
import yaml

from proof import make, owner
from proof.account import Account, started_account
from proof.declared import Declared, read
from proof.environment import Environment, stranger
from proof.logins import Endpoint, Identity
from proof.steps import access_matrix

ROLES = "arn:aws:iam::111122223333:role"
SURF = {
    "account": "111122223333",
    "region": "eu-central-1",
    "alarms": {"nobody_because": "a test tells nobody"},
    "instances": {
        "sea": {
            "engine": "aurora-postgresql",
            "serverless": {"min": 0.5, "max": 2},
            "retain": False,
            "deletion_protection": False,
            "databases": {"sales": {"own": ["shop"], "read": ["airflow"]}},
        }
    },
    "airflow": {
        "existing": {
            "role_arn": f"{ROLES}/team-airflow",
            "ranges": ["10.99.0.0/16"],
            "connections_prefix": "team/connections",
            "authorities": "/usr/local/airflow/dags/rds.pem",
        }
    },
    "identities": {"shop": {"role_arn": f"{ROLES}/shop"}},
}
OWNS, READS = "shop_sales_own", "airflow_sales_read"


def at_the_readers(identity: Identity, environment: Environment) -> Identity:
    """The same, by the endpoint that the second connection has."""
    secrets = environment.account.client("secretsmanager")
    found = secrets.get_secret_value(SecretId="team/connections/sea_sales_reader")
    told = json.loads(found["SecretString"])
    assert (told["login"], told["schema"]) == (READS, "sales")
    assert told["host"] == environment.cluster["ReaderEndpoint"]
    there = Endpoint(
        host=told["host"], port=int(told["port"]), authorities=environment.account.authorities
    )
    return Identity(
        name=identity.name,
        credentials=identity.credentials,
        endpoint=there,
        region=identity.region,
    )


def tried_by_everybody(account: Account, declared: Declared) -> None:
    environment = Environment(account=account, declared=declared)
    shop, airflow = environment.identity("shop"), environment.identity("airflow")
    with shop.log_in(OWNS, "sales") as session:
        session.execute("CREATE TABLE item AS SELECT 42 AS id")
    found = access_matrix.tried(environment)
    assert found.wrong == []
    assert found.users == {("shop", "sales", OWNS), ("airflow", "sales", READS)}
    with at_the_readers(airflow, environment).log_in(READS, "sales") as session:
        assert session.execute("TABLE item").fetchall() == [(42,)]
    with at_the_readers(shop, environment).log_in(OWNS, "sales") as session:
        for statement in ("INSERT INTO item VALUES (1)", "DROP TABLE item"):
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                session.execute(statement.encode())


def test_a_cluster_is_deployed_used_at_both_endpoints_revoked_and_destroyed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "surf.yaml"
    file.write_text(yaml.safe_dump(SURF))
    declared = read(file)
    roles = (*declared.role_arns.values(), stranger(declared))
    with (
        started_account(
            tmp_path / "aws",
            account=declared.account,
            region=declared.region,
            log=tmp_path / "aws.txt",
        ) as account,
        owner.at_work(account, role_arns=roles),
    ):

        def run(*targets: str) -> str:
            log = tmp_path / f"{targets[-1]}.log"
            output = tmp_path / "cdk.out"
            make.run(account, *targets, environment=file, output=output, log=log)
            return log.read_text()

        run("bootstrap", "deploy")
        tried_by_everybody(account, declared)
        run("revoke", "IDENTITY=shop")
        environment = Environment(account=account, declared=declared)
        with (
            pytest.raises(psycopg.OperationalError),
            environment.identity("shop").log_in(OWNS, "sales"),
        ):
            pass
        run("restore-access", "IDENTITY=shop")
        with environment.identity("shop").log_in(OWNS, "sales") as session:
            assert session.info.user == OWNS
        run("destroy")
        rds = account.client("rds")
        assert rds.describe_db_clusters()["DBClusters"] == []
        assert rds.describe_db_instances()["DBInstances"] == []
