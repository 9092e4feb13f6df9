"""The plan on the command line."""

import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from database_users.__main__ import main
from database_users.deadline import Deadline
from database_users.desired import parse_databases
from database_users.postgres.run import converge, survey
from database_users.report import access_changes
from tests.database_server import MASTER, PORT, Postgres
from tests.desired import ORDERS_EVENT
from tests.tls_front import listening, write_certificate

ORDERS = ORDERS_EVENT | {"Own": ["boss"]}


@pytest.fixture
def declaration(tmp_path: Path) -> str:
    path = tmp_path / "databases.json"
    path.write_text(json.dumps({"Databases": [ORDERS]}))
    return str(path)


def test_a_plan_needs_no_database(declaration: str, capsys: pytest.CaptureFixture[str]):
    assert main(["plan", declaration]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["+ airflow may read orders", "+ boss may own orders"]
    created = lines.index(
        'CREATE DATABASE "orders" OWNER "orders_owner" TEMPLATE template0 ALLOW_CONNECTIONS false;'
    )
    assert lines[created - 1] == "-- the database orders of orders_owner"
    assert lines[-1].endswith(" statements")


def test_a_plan_against_a_server_changes_nothing(
    newest: Postgres, declaration: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate, "localhost")
    monkeypatch.setenv("PGPASSWORD", "a-token")
    before = newest.query("SELECT * FROM pg_roles"), newest.query("SELECT datname FROM pg_database")
    socket = newest.directory / f".s.PGSQL.{PORT}"
    with listening(socket, certificate, lambda _, token: token == "a-token") as port:
        options = ["--host", "localhost", "--port", str(port), "--authorities", str(certificate)]
        assert main(["plan", declaration, *options]) == 2
    after = newest.query("SELECT * FROM pg_roles"), newest.query("SELECT datname FROM pg_database")
    assert after == before


def test_a_plan_says_who_loses_what(newest: Postgres):
    (orders,) = parse_databases([ORDERS], MASTER)
    deadline = Deadline(time.monotonic() + 60)
    converge(newest.connect, (orders,), deadline)
    less = replace(orders, read=())
    assert list(access_changes(survey(newest.connect, (less,), deadline))) == [
        "- airflow may read orders"
    ]
    gone = list(access_changes(survey(newest.connect, (), deadline)))
    assert gone == ["- airflow_orders_read may log in", "- boss may log in"]


def test_a_plan_from_the_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([ORDERS | {"Name": "postgres"}])))
    assert main(["plan", "-"]) == 1
    assert "error: Databases[0].Name: 'postgres' is" in capsys.readouterr().err
