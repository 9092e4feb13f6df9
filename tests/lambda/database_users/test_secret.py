"""The master's secret is read by Secrets Manager's API, and nothing of it is said."""

import json
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from database_users import administrator, secret
from database_users.handler import FailedError
from database_users.secret import Master, SecretError, read_master

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1a2b-AbCdEf"
Answer = tuple[int, dict[str, Any]]
Answering = Callable[[Answer], list[dict[str, Any]]]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Generator[Answering]:
    """Has Secrets Manager answer so, and returns what it is asked."""
    asked: list[dict[str, Any]] = []
    answers: list[Answer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, body = answers[-1]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")

    def answer(one: Answer) -> list[dict[str, Any]]:
        answers.append(one)
        return asked

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield answer
        server.shutdown()
        thread.join()


def text(value: object) -> Answer:
    return 200, {"ARN": ARN, "SecretString": json.dumps(value)}


def test_it_has_the_keys_that_rds_writes(answering: Answering) -> None:
    asked = answering(text({"username": "postgres", "password": "a-password"}))
    assert read_master(ARN, "eu-central-1") == Master("postgres", "a-password")
    assert asked == [{"SecretId": ARN}]
    assert "a-password" not in repr(Master("postgres", "a-password"))


@pytest.mark.first(2)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a-password", "must be an object with the keys username and password"),
        ({"user": "postgres", "password": "a-password"}, "the keys username and password"),
        ({"username": "po stgres", "password": "a-password"}, "username must be the name"),
        ({"username": "postgres", "password": ""}, "password must be a text that is not empty"),
    ],
)
def test_what_is_no_masters_is_refused_without_a_word_of_it(
    answering: Answering, value: object, said: str
) -> None:
    answering(text(value))
    with pytest.raises(SecretError, match=said) as refused:
        read_master(ARN, "eu-central-1")
    assert "a-password" not in str(refused.value)


def test_a_secret_that_may_not_be_read_says_whose_permission_is_missing(
    answering: Answering,
) -> None:
    answering((400, {"__type": "AccessDeniedException", "Message": "Access to KMS is not allowed"}))
    with pytest.raises(SecretError, match=r"\(AccessDeniedException\).*`key`"):
        read_master(ARN, "eu-central-1")


def test_subnets_without_a_way_to_secrets_manager_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "SECONDS", 1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9")
    with pytest.raises(SecretError, match="the subnets must have a way to it"):
        read_master(ARN, "eu-central-1")


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_the_administrator_stays_where_it_is_declared_no_more() -> None:
    deleted = {"RequestType": "Delete", "PhysicalResourceId": "administrator:platform"}
    assert administrator.handle(deleted, Context()) == {
        "PhysicalResourceId": "administrator:platform"
    }


def test_a_function_without_its_variables_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_HOST", raising=False)
    with pytest.raises(FailedError, match="the environment variable DATABASE_HOST is not set"):
        administrator.handle({"RequestType": "Create"}, Context())
