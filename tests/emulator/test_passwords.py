"""Who is no member of `rds_iam` logs in by password, and who is one by token alone, as on RDS."""

import json
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database_users import administrator, retry
from database_users.handler import FailedError
from proof.account import Account
from proof.logins import Endpoint, connect
from rds_login import tls
from rds_login.token import signed_token
from tests.emulator.conftest import ACCOUNT, REGION, Stacks, allow, instance, role

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
    made = stacks.deploy(
        "by-password",
        {"Server": server},
        Host={"Fn::GetAtt": ["Server", "Endpoint.Address"]},
        Port={"Fn::GetAtt": ["Server", "Endpoint.Port"]},
        ResourceId={"Fn::GetAtt": ["Server", "DbiResourceId"]},
        Secret={"Fn::GetAtt": ["Server", "MasterUserSecret.SecretArn"]},
    )
    yield made
    assert stacks.delete("by-password") == "DELETE_COMPLETE"
    left = stacks.account.client("secretsmanager").list_secrets()["SecretList"]
    assert made["Secret"] not in [one["ARN"] for one in left]


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


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_the_function_has_the_administrator_made_by_what_its_role_may(
    account: Account,
    stacks: Stacks,
    outputs: dict[str, str],
    log_in: Connecting,
    password: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the secret of RDS's own, over TLS, and with a token of the function's role."""
    resource = {
        "Fn::Sub": f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{outputs['ResourceId']}/platform"
    }
    made = stacks.deploy(
        "administrators",
        {
            "Reading": role(
                allow("rds-db:connect", resource),
                allow("secretsmanager:GetSecretValue", outputs["Secret"]) | {"PolicyName": "more"},
            ),
            "NotReading": role(allow("rds-db:connect", resource)),
        },
        Reading={"Fn::GetAtt": ["Reading", "Arn"]},
        NotReading={"Fn::GetAtt": ["NotReading", "Arn"]},
    )
    (tmp_path / "global-bundle.pem").write_bytes(account.authorities.read_bytes())
    connect_to = socket.create_connection

    def on_loopback(at: tuple[str, int], seconds: float) -> socket.socket:
        return connect_to(("127.0.0.1", at[1]), seconds)

    monkeypatch.setattr(tls, "create_connection", on_loopback)
    monkeypatch.setattr(retry, "SPREAD_SECONDS", 0.0)

    def run_as(role: str) -> dict[str, Any]:
        signed_token.cache_clear()
        for name, value in {
            **account.variables(account.assume(made[role], session="function")),
            "AWS_REGION": REGION,
            "DATABASE_HOST": outputs["Host"],
            "DATABASE_PORT": outputs["Port"],
            "MASTER_USER": "platform",
            "MASTER_SECRET": outputs["Secret"],
            "LAMBDA_TASK_ROOT": str(tmp_path),
        }.items():
            monkeypatch.setenv(name, value)
        return administrator.handle({"RequestType": "Create"}, Context())

    with pytest.raises(FailedError, match=r"cannot be read \(AccessDenied"):
        run_as("NotReading")
    assert run_as("Reading") == {"PhysicalResourceId": "administrator:platform"}
    log_in(MASTER, password).close()
    # It logs in by now, and so nobody reads the secret any more.
    assert run_as("NotReading") == {"PhysicalResourceId": "administrator:platform"}
