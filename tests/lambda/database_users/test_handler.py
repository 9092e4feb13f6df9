"""The function as Lambda runs it: environment, event, TLS, token."""

import datetime
import json
import logging
import socket
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import psycopg
import pytest

from database_users import handler, retry
from database_users.handler import FailedError, handle
from database_users.postgres import target
from rds_login.token import signed_token
from tests.database_server import MASTER, PORT, Postgres
from tests.desired import ORDERS_EVENT as ORDERS
from tests.tls_front import function_environment, listening, write_certificate

HOST = "localhost"
METRICS = {
    "Namespace": "AirflowRdsIam",
    "Dimensions": {"Instance": "dev-warehouse"},
    "Statements": "StatementsOutstanding",
    "Unread": "DatabasesUnread",
}


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Front:
    """What the front door of the server under test has seen, and what it takes."""

    def __init__(self) -> None:
        self.logins: list[tuple[str, str]] = []
        self.takes = True
        self.taken_after: int | None = None

    def check(self, user: str, token: str) -> bool:
        self.logins.append((user, token))
        return self.takes


@pytest.fixture
def front(newest: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Front]:
    write_certificate(tmp_path / "global-bundle.pem", HOST)
    front = Front()
    signed_token.cache_clear()
    with listening(
        newest.directory / f".s.PGSQL.{PORT}", tmp_path / "global-bundle.pem", front.check
    ) as port:
        for name, value in {
            **function_environment(HOST, port, tmp_path),
            "AWS_SESSION_TOKEN": "a-session-token",
        }.items():
            monkeypatch.setenv(name, value)
        yield front


@pytest.fixture
def waits(front: Front, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that are waited between logins, without waiting; the third login is taken."""
    waits: list[float] = []
    now = time.monotonic()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        front.takes = front.takes or len(waits) == front.taken_after

    clock = SimpleNamespace(sleep=sleep, monotonic=lambda: now + sum(waits))
    monkeypatch.setattr(retry, "time", clock)
    return waits


def event(action: str, *databases: dict[str, Any], old: Any = None, **more: Any) -> dict[str, Any]:
    request = {
        "RequestType": action,
        "ResourceProperties": {
            "ServiceToken": "arn:aws:lambda:eu-central-1:111122223333:function:f",
            "InstanceResourceId": "db-A",
            "Databases": list(databases),
        },
    } | more
    if old is not None:
        request["OldResourceProperties"] = {"InstanceResourceId": "db-A", "Databases": old}
    return request


def test_it_logs_in_with_a_token_of_its_own_for_the_master(front: Front):
    handle(event("Create", ORDERS), Context())
    ((user, token),) = set(front.logins)
    query = parse_qs(urlsplit(f"https://{token}").query)
    assert user == MASTER
    assert query["DBUser"] == [MASTER]
    assert query["X-Amz-Security-Token"] == ["a-session-token"]
    assert "/eu-central-1/rds-db/" in query["X-Amz-Credential"][0]


def test_the_token_is_the_one_that_boto3_signs(front: Front, monkeypatch: pytest.MonkeyPatch):
    class Noon(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Noon":
            return cls(2026, 11, 22, 12, tzinfo=tz)

    noon = Noon.now(datetime.UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: noon.replace(tzinfo=None))
    client: Any = boto3.Session().client("rds", region_name="eu-central-1")  # pyright: ignore[reportUnknownMemberType]
    token = client.generate_db_auth_token(DBHostname=HOST, Port=5432, DBUsername="a b")
    assert signed_token(HOST, 5432, "a b", "eu-central-1", 0) == token


def test_create_update_and_delete_answer_the_provider_framework(newest: Postgres, front: Front):
    created = handle(event("Create", ORDERS), Context())
    physical_id = created["PhysicalResourceId"]
    same = {"PhysicalResourceId": physical_id}
    assert created["Data"]["Statements"] > 0
    updated = handle(event("Update", ORDERS, old=[ORDERS], **same), Context())
    nothing = {"Statements": 0, "Databases": 0, "Findings": 0, "Handover": "none"}
    assert updated == same | {"Data": nothing}
    newest.login("airflow_orders_read", "orders").close()
    deleted = handle(event("Delete", ORDERS, **same), Context())
    assert deleted["PhysicalResourceId"] == physical_id
    assert newest.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'airflow_orders%'") == []
    assert newest.query("SELECT 1 FROM pg_database WHERE datname = 'orders'") == [(1,)]


@pytest.fixture
def waited(newest: Postgres, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the function waits, in which the old user of `orders` still logs in."""
    seconds: list[float] = []

    def sleep(duration: float) -> None:
        newest.login("airflow_orders_read", "orders").close()
        seconds.append(duration)

    monkeypatch.setattr(handler, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    return seconds


def test_a_user_of_another_level_stays_as_it_is_until_the_last_step(
    newest: Postgres, front: Front, waited: list[float]
):
    others = {"Retiring": ["airflow_orders_write", "airflow_orders_own"]}
    handle(event("Create", ORDERS | others), Context())
    changed = ORDERS | {"Read": [], "Write": ["airflow_orders_write"]}
    retiring = {"Retiring": ["airflow_orders_read", "airflow_orders_own"]}
    with newest.login("airflow_orders_read", "orders") as session:
        handle(event("Update", changed | retiring, old=[ORDERS | others]), Context())
        session.execute("SELECT 1")
        newest.login("airflow_orders_read", "orders").close()
        newest.login("airflow_orders_write", "orders").close()
        last = {"RequestType": "Update", "ResourceProperties": {"Step": "retire"}}
        assert not waited
        assert handle(last, Context())["PhysicalResourceId"] == "retired-database-users"
        assert waited == [handler.HANDOVER_SECONDS]
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert logins(newest) == ["airflow_orders_write", "shop_orders_own"]
    gone = {"RequestType": "Delete", "PhysicalResourceId": "retired-database-users"}
    handle(last | gone, Context())
    assert logins(newest) == ["airflow_orders_write", "shop_orders_own"]
    assert len(waited) == 1


def test_the_last_step_is_called_for_where_users_retire_and_never_else(
    newest: Postgres, front: Front, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handler, "HANDOVER_SECONDS", 0)

    def step(before: list[dict[str, Any]], *after: dict[str, Any]) -> str:
        deploy = event("Update", *after, old=before) | {"StackId": "stack"}
        return handle(deploy, Context())["Data"]["Handover"]

    read = ORDERS | {"Retiring": ["airflow_orders_write", "airflow_orders_own"]}
    write = ORDERS | {
        "Read": [],
        "Write": ["airflow_orders_write"],
        "Retiring": ["airflow_orders_read", "airflow_orders_own"],
    }
    none = handle(event("Create", read), Context())["Data"]["Handover"]
    more = {**read, "Own": ["shop_orders_own", "analyst_orders_own"]}
    assert step([read], more) == none
    assert step([more], read) == none
    marks = [none, step([read], write)]
    # As long as the last step has not come, each run calls for it.
    marks += [step([write], write)]
    last = {"RequestType": "Update", "ResourceProperties": {"Step": "retire"}}
    handle(last, Context())
    assert step([write], write) == marks[-1]
    assert logins(newest) == ["airflow_orders_write", "shop_orders_own"]
    # Called again, whyever, it has nothing to do, whoever was declared again since.
    newest.execute("ALTER ROLE airflow_orders_write CONNECTION LIMIT 7")
    assert handle(last, Context())["Data"]["Statements"] == 0
    assert len({*marks}) == 3


def test_a_rollback_calls_for_the_last_step_that_removes_whom_the_deploy_made(
    newest: Postgres, front: Front, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handler, "HANDOVER_SECONDS", 0)
    read = ORDERS | {"Retiring": ["airflow_orders_write", "airflow_orders_own"]}
    write = ORDERS | {
        "Read": [],
        "Write": ["airflow_orders_write"],
        "Retiring": ["airflow_orders_read", "airflow_orders_own"],
    }
    handle(event("Create", read), Context())
    there = handle(event("Update", write, old=[read]), Context())["Data"]["Handover"]
    back = handle(event("Update", read, old=[write]), Context())["Data"]["Handover"]
    assert there != back
    last = {"RequestType": "Update", "ResourceProperties": {"Step": "retire"}}
    handle(last, Context())
    assert logins(newest) == ["airflow_orders_read", "shop_orders_own"]
    newest.login("airflow_orders_read", "orders").close()


def test_who_retires_is_nobody_that_a_check_expects(newest: Postgres, front: Front):
    handle(event("Create", ORDERS), Context())
    changed = ORDERS | {"Read": [], "Retiring": ["airflow_orders_read"]}
    check = {"Mode": "check", "Databases": [changed]}
    assert handle(check, Context())["Statements"] > 0
    assert handle({**check, "Databases": [ORDERS]}, Context())["Statements"] == 0


def test_who_is_granted_nothing_any_more_goes_in_the_first_step(newest: Postgres, front: Front):
    handle(event("Create", ORDERS | {"Retiring": ["airflow_orders_write"]}), Context())
    handle(event("Update", ORDERS | {"Read": []}, old=[ORDERS]), Context())
    assert logins(newest) == ["shop_orders_own"]


def test_what_was_changed_by_hand_in_a_retiring_user_is_not_kept(newest: Postgres, front: Front):
    handle(event("Create", ORDERS), Context())
    newest.execute("REVOKE orders_reader FROM airflow_orders_read GRANTED BY administrator")
    changed = ORDERS | {"Read": [], "Retiring": ["airflow_orders_read"]}
    handle(event("Update", changed, old=[ORDERS]), Context())
    assert logins(newest) == ["shop_orders_own"]


def logins(server: Postgres) -> list[str]:
    """The login users made here."""
    rows = server.query(
        "SELECT member::regrole::text FROM pg_auth_members"
        " WHERE roleid = 'airflow_rds_iam'::regrole AND member <> 'administrator'::regrole"
        " ORDER BY 1"
    )
    return [name for (name,) in rows]


def test_a_repair_opens_what_was_made_since_though_nothing_else_is_asked_for(
    newest: Postgres, front: Front
):
    handle(event("Create", ORDERS), Context())
    newest.execute("CREATE ROLE application", "GRANT application TO administrator")
    newest.execute(
        "CREATE TABLE late ()", "ALTER TABLE late OWNER TO application", database="orders"
    )
    again = event("Update", ORDERS, old=[ORDERS])
    assert handle(again, Context())["Data"]["Databases"] == 0
    again["ResourceProperties"]["Repair"] = "20261126T080000Z"
    again["OldResourceProperties"]["Repair"] = "never"
    assert handle(again, Context())["Data"]["Databases"] == 1
    with newest.login("airflow_orders_read", "orders") as session:
        session.execute("SELECT FROM late")
    again["OldResourceProperties"]["Repair"] = "20261126T080000Z"
    assert handle(again, Context())["Data"]["Statements"] == 0


def test_a_check_emits_its_metrics_and_changes_nothing(
    newest: Postgres, front: Front, capsys: pytest.CaptureFixture[str], caplog: Any
):
    handle(event("Create", ORDERS), Context())
    newest.execute("GRANT CONNECT ON DATABASE orders TO PUBLIC")
    capsys.readouterr()
    with caplog.at_level(logging.INFO):
        answer = handle({"Mode": "check", "Databases": [ORDERS], "Metrics": METRICS}, Context())
    metric = json.loads(capsys.readouterr().out)
    assert answer["Statements"] == metric["StatementsOutstanding"] == 1
    assert answer["Unread"] == metric["DatabasesUnread"] == 0
    assert metric["Instance"] == "dev-warehouse"
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "AirflowRdsIam"
    assert 'REVOKE CONNECT ON DATABASE "orders" FROM PUBLIC' in caplog.text
    assert newest.query("SELECT has_database_privilege('public', 'orders', 'CONNECT')") == [(True,)]


def test_a_database_that_cannot_be_read_does_not_hide_what_is_in_the_others(
    newest: Postgres, front: Front, capsys: pytest.CaptureFixture[str], caplog: Any
):
    reports: dict[str, Any] = {
        "Name": "reports",
        "Owner": "reports_owner",
        "Writer": "reports_writer",
        "Reader": "reports_reader",
    }
    handle(event("Create", ORDERS, reports), Context())
    newest.execute(
        "CREATE TABLE by_hand ()", "ALTER TABLE by_hand OWNER TO orders_owner", database="orders"
    )
    newest.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'reports'")
    capsys.readouterr()
    check: dict[str, Any] = {"Mode": "check", "Databases": [ORDERS, reports], "Metrics": METRICS}
    with caplog.at_level(logging.INFO):
        answer = handle(check, Context())
    metric = json.loads(capsys.readouterr().out)
    assert answer["Unread"] == metric["DatabasesUnread"] == 1
    assert answer["Statements"] == metric["StatementsOutstanding"] > 0
    assert "by_hand" in caplog.text
    assert "! reports: " in caplog.text
    assert "not known, as it could not be read: reports" in caplog.text


def test_a_check_by_hand_is_counted_nowhere(front: Front, capsys: pytest.CaptureFixture[str]):
    handle({"Mode": "check", "Databases": [ORDERS]}, Context())
    assert capsys.readouterr().out == ""


def test_no_log_and_no_answer_holds_a_token(front: Front, waits: list[float], caplog: Any):
    with caplog.at_level(logging.DEBUG, logger="database_users"):
        answer = handle(event("Create", ORDERS), Context())
    front.takes = False
    with pytest.raises(FailedError) as failed:
        handle(event("Delete", ORDERS), Context())
    for text in (caplog.text, str(answer), str(failed.value), repr(failed.value.__cause__)):
        assert "X-Amz" not in text
        assert "a-secret-key" not in text


def failure(*databases: dict[str, Any]) -> str:
    with pytest.raises(FailedError) as failed:
        handle(event("Create", *databases), Context())
    return str(failed.value)


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    monkeypatch.setattr(target, "CONNECT_SECONDS", 0.5)


def test_a_name_that_does_not_resolve(front: Front, monkeypatch: pytest.MonkeyPatch):
    def unresolved(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    assert "the name localhost does not resolve" in failure(ORDERS)
    # An instance that is gone has no users left: its stack can be deleted.
    handle(event("Delete", ORDERS), Context())


def test_a_closed_port(front: Front, quickly: None, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("DATABASE_PORT", str(port))
    assert f"localhost:{port} refuses connections: the address answers" in failure(ORDERS)


def test_a_port_behind_a_security_group(
    front: Front, quickly: None, monkeypatch: pytest.MonkeyPatch
):
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        monkeypatch.setenv("DATABASE_PORT", str(silent.getsockname()[1]))
        assert "security group" in failure(ORDERS)


def test_a_certificate_of_another_authority(front: Front, tmp_path: Path):
    write_certificate(tmp_path / "global-bundle.pem", HOST)
    message = failure(ORDERS)
    assert "is not trusted" in message
    assert front.logins == []


def test_a_certificate_for_another_name(front: Front, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_HOST", "127.0.0.1")
    message = failure(ORDERS)
    assert "is for another name" in message
    assert front.logins == []


def test_a_server_without_tls(front: Front, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as plain:
        monkeypatch.setenv("DATABASE_PORT", str(plain.getsockname()[1]))

        def refuse() -> None:
            client, _ = plain.accept()
            client.recv(8)
            client.sendall(b"N")

        threading.Thread(target=refuse, daemon=True).start()
        assert "speaks no TLS" in failure(ORDERS)


@pytest.mark.parametrize("action", ["Create", "Update", "Delete"])
def test_a_policy_that_is_new_is_waited_for(
    newest: Postgres, front: Front, waits: list[float], action: str, caplog: Any
):
    front.takes, front.taken_after = False, 2
    with caplog.at_level(logging.INFO):
        handle(event(action, ORDERS), Context())
    assert waits == [retry.SPREAD_PAUSE_SECONDS] * 2
    assert "trying again, as the policy may be new" in caplog.text
    assert "the token was taken after 6 seconds" in caplog.text


@pytest.mark.parametrize("action", ["Create", "Update", "Delete"])
def test_a_token_that_stays_refused_is_waited_for_within_bounds(
    front: Front, waits: list[float], action: str
):
    front.takes = False
    with pytest.raises(FailedError) as failed:
        handle(event(action, ORDERS), Context())
    assert "it was refused for 60 seconds, in which a new policy becomes known" in str(failed.value)
    assert sum(waits) == retry.SPREAD_SECONDS


def test_a_token_that_is_taken_at_once_is_not_spoken_of(front: Front, caplog: Any):
    with caplog.at_level(logging.INFO):
        handle(event("Create", ORDERS), Context())
    assert "the token was taken" not in caplog.text


@pytest.mark.parametrize("mode", ["check", "plan"])
def test_a_check_waits_for_no_policy(front: Front, waits: list[float], mode: str):
    front.takes = False
    with pytest.raises(FailedError, match="refuses the token of administrator"):
        handle({"Mode": mode, "Databases": [ORDERS]}, Context())
    assert waits == []


def test_a_refused_token(front: Front, waits: list[float]):
    front.takes = False
    message = failure(ORDERS)
    assert "refuses the token of administrator" in message
    for remedy in ("rds-db:connect", "region", "clock"):
        assert remedy in message


def test_no_credentials(front: Front, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    assert "no AWS credentials" in failure(ORDERS)


@pytest.mark.parametrize(
    "name", ["DATABASE_HOST", "DATABASE_PORT", "MASTER_USER", "AWS_REGION", "LAMBDA_TASK_ROOT"]
)
def test_a_missing_variable(front: Front, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.delenv(name)
    assert failure(ORDERS) == f"the environment variable {name} is not set"


def test_a_run_without_time(front: Front):
    class Hurried:
        def get_remaining_time_in_millis(self) -> int:
            return handler.MARGIN_SECONDS * 1000

    with pytest.raises(FailedError, match="the time for this run is over"):
        handle(event("Create", ORDERS), Hurried())


def test_a_failure_too_large_for_an_answer_is_cut_and_whole_in_the_log(
    newest: Postgres, front: Front, caplog: Any
):
    newest.execute("REVOKE ADMIN OPTION FOR rds_iam FROM administrator")
    logins = [f"airflow_{number}_orders_read" for number in range(200)]
    try:
        message = failure(ORDERS | {"Read": logins})
    finally:
        newest.execute("GRANT rds_iam TO administrator WITH ADMIN OPTION")
    assert len(message) <= handler.MESSAGE_BYTES
    assert message.startswith("administrator has no privilege for: may log in with a token: ")
    assert message.endswith("… (too large for an answer to CloudFormation: the log has all of it)")
    assert "permission denied" not in message
    assert logins[-1] in caplog.text
    assert "permission denied" in caplog.text


@pytest.mark.parametrize("text", ["x" * 9000, "\0" * 9000, "ü€😀" * 3000, '"' * 9000])
def test_a_message_leaves_room_in_the_answer(text: str):
    assert len(json.dumps(handler.shortened(text))) <= 2000


def test_on_a_server_that_is_observed_nothing_is_changed_whatever_is_asked_for(
    newest: Postgres,
    front: Front,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setenv("SERVER_LIVED_IN", "true")
    monkeypatch.setenv("SERVER_OBSERVED", "true")
    roles = "SELECT rolname FROM pg_roles ORDER BY 1"
    before = newest.query(roles)
    with caplog.at_level("INFO"):
        created = handle(event("Create", ORDERS), Context())
    assert "observed, not done: + airflow may read orders" in caplog.text
    same = {"PhysicalResourceId": created["PhysicalResourceId"]}
    for asked in (
        event("Update", ORDERS, old=[], **same),
        event("Delete", ORDERS, **same),
        {"Mode": "plan", "Databases": [ORDERS]},
        {"Mode": "check", "Databases": [ORDERS]},
    ):
        handle(asked, Context())
    assert newest.query(roles) == before
    # Then it is managed: what was asked for while it was observed was not brought about.
    monkeypatch.setenv("SERVER_OBSERVED", "false")
    update = event("Update", ORDERS, old=[ORDERS], **same)
    update["OldResourceProperties"]["Observed"] = "true"
    assert handle(update, Context())["Data"]["Databases"] == 1
    newest.login("airflow_orders_read", "orders").close()


def test_whose_the_server_is_is_said_in_words_that_are_known(
    front: Front, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SERVER_OBSERVED", "yes")
    with pytest.raises(FailedError, match="SERVER_OBSERVED: 'yes' is neither true nor false"):
        handle(event("Create", ORDERS), Context())


def test_an_environment_with_a_prefix_is_made_checked_and_removed_by_itself(
    front: Front, newest: Postgres
) -> None:
    def deploy(action: str, prefix: str | None, *databases: dict[str, Any], **more: Any) -> Any:
        properties = {"Databases": [*databases], **({"Prefix": prefix} if prefix else {})}
        return handle({"RequestType": action, "ResourceProperties": properties, **more}, Context())

    blue = {
        "Name": "blue",
        **{key: f"blue_orders_{key.lower()}" for key in ("Owner", "Writer", "Reader")},
        "Read": ["airflow_blue_orders_read"],
    }
    plain, made = deploy("Create", None, ORDERS), deploy("Create", "blue", blue)
    assert plain["PhysicalResourceId"] == "database-users"
    assert made["PhysicalResourceId"] == "database-users:blue"
    for check in ({"Databases": [ORDERS]}, {"Databases": [blue], "Prefix": "blue"}):
        assert handle({"Mode": "check", **check}, Context())["Statements"] == 0
    # The prefix is what its roles were made with; a rollback asks for the old one once more.
    physical = {"PhysicalResourceId": made["PhysicalResourceId"]}
    with pytest.raises(FailedError, match=r"'green' is not the prefix .* made with, 'blue'"):
        deploy("Update", "green", blue, **physical)
    deploy("Update", "blue", blue, **physical)
    deploy("Delete", "blue", **physical)
    users = newest.query("SELECT rolname FROM pg_roles WHERE rolname ~ '_(read|own)$' ORDER BY 1")
    assert users == [("airflow_orders_read",), ("shop_orders_own",)]


@pytest.mark.parametrize("prefix", ["", "Blue", "a-b", 7, "p" * 17])
def test_a_prefix_that_is_none_is_refused(front: Front, prefix: object) -> None:
    with pytest.raises(FailedError, match="is no prefix; allowed are 1 to 16"):
        handle({"Mode": "plan", "Databases": [ORDERS], "Prefix": prefix}, Context())
    assert front.logins == []
