"""Who is no member of `rds_iam` logs in by password, and who is one by token alone, as on RDS."""

import json
from collections.abc import Callable, Generator

import psycopg
import pytest

from proof.account import Account
from proof.logins import Endpoint, connect
from tests.emulator.conftest import Stacks, instance

MASTER = "postgres"
Connecting = Callable[[str, str], psycopg.Connection]


@pytest.fixture(scope="module")
def outputs(stacks: Stacks) -> Generator[dict[str, str]]:
    server = instance(
        DBInstanceIdentifier="by-password",
        MasterUsername=MASTER,
        MasterUserAuthenticationType="password",
        ManageMasterUserPassword=True,
    )
    yield stacks.deploy(
        "by-password",
        {"Server": server},
        Host={"Fn::GetAtt": ["Server", "Endpoint.Address"]},
        Port={"Fn::GetAtt": ["Server", "Endpoint.Port"]},
        Secret={"Fn::GetAtt": ["Server", "MasterUserSecret.SecretArn"]},
    )
    assert stacks.delete("by-password") == "DELETE_COMPLETE"
    assert stacks.account.client("secretsmanager").list_secrets()["SecretList"] == []


@pytest.fixture(scope="module")
def password(account: Account, outputs: dict[str, str]) -> str:
    found = account.client("secretsmanager").get_secret_value(SecretId=outputs["Secret"])
    secret = json.loads(found["SecretString"])
    assert secret["username"] == MASTER
    return secret["password"]


@pytest.fixture
def log_in(account: Account, outputs: dict[str, str]) -> Connecting:
    endpoint = Endpoint(
        host=outputs["Host"], port=int(outputs["Port"]), authorities=account.authorities
    )

    def log_in(user: str, password: str) -> psycopg.Connection:
        return connect(endpoint, database="postgres", user=user, password=password)

    return log_in


def test_the_secret_is_called_as_rds_calls_it(outputs: dict[str, str]) -> None:
    assert ":secret:rds!db-" in outputs["Secret"]


def test_the_master_logs_in_by_password_and_no_other(log_in: Connecting, password: str) -> None:
    log_in(MASTER, password).close()
    for other in (f"{password}x", "x"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            log_in(MASTER, other)


def test_a_user_without_a_password_or_whose_is_over_is_refused(
    log_in: Connecting, password: str
) -> None:
    with log_in(MASTER, password) as master:
        master.execute("CREATE ROLE silent LOGIN")
        master.execute("CREATE ROLE over LOGIN PASSWORD 'a-password' VALID UNTIL '2001-01-01'")
        master.execute("CREATE ROLE known LOGIN PASSWORD 'a-password'")
    log_in("known", "a-password").close()
    for user, given in (("silent", "x"), ("over", "a-password"), ("known", "another")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            log_in(user, given)


def test_the_master_grants_rds_iam_and_is_no_member_of_it(
    log_in: Connecting, password: str
) -> None:
    with log_in(MASTER, password) as master:
        master.execute("CREATE ROLE caught LOGIN PASSWORD 'a-password'")
        member = "SELECT pg_has_role('caught', 'rds_iam', 'MEMBER')"
        master.execute("GRANT rds_iam TO caught")
        assert master.execute(member).fetchone() == (True,)
        with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
            log_in("caught", "a-password")
        # By PostgreSQL's own rule: who made it is a member of it.
        with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
            log_in(MASTER, password)
        master.execute("REVOKE rds_iam FROM caught")
    log_in(MASTER, password).close()
    log_in("caught", "a-password").close()
