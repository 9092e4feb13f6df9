"""The engine that outlives a token, in the local Airflow's interpreter; no server is asked."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IAM = {"iam": True, "sqlalchemy_query": {"sslmode": "verify-full"}}
CONNECTIONS: dict[str, dict[str, Any]] = {
    "orders": {"host": "db.example", "port": 5433, "extra": IAM},
    "no_port": {"host": "db.example", "extra": IAM},
    "a_password": {"host": "db.example", "port": 5433, "password": "its own", "extra": {}},
    "redshift": {"host": "db.example", "password": "its own", "extra": {"redshift": True}},
}
# What each driver is told at two connects, a quarter of an hour apart.
PROGRAM = """
import datetime, json, os, sys
from unittest.mock import patch
import sqlalchemy
from airflow.providers.postgres.hooks import postgres
from signing_engine import signing_engine

now = datetime.datetime(2026, 1, 1, 12)

def told(name):
    engine = signing_engine(postgres.PostgresHook(name), poolclass=sqlalchemy.pool.NullPool)
    said = []
    def connect(**parameters):
        said.append({name: parameters.get(name) for name in ("password", "sslmode")})
        raise engine.dialect.dbapi.OperationalError("nobody is there")
    for minutes in (0, 16):
        clock = patch("botocore.auth.get_current_datetime", return_value=now + minutes * MINUTE)
        with clock, patch.object(engine.dialect.dbapi, "connect", connect):
            try:
                engine.connect()
            except sqlalchemy.exc.OperationalError:
                pass
    url = engine.url.render_as_string(hide_password=False)
    return {"driver": engine.driver, "url": url, "said": said}

MINUTE = datetime.timedelta(minutes=1)
names, answers = json.load(sys.stdin), {}
for three in (True, False):
    with patch.object(postgres, "USE_PSYCOPG3", three):
        for name in names:
            answers[f"{name} {3 if three else 2}"] = told(name)
hook = postgres.PostgresHook("orders")
stored = hook.connection.get_uri()
answers["uris"] = {"stored": stored, "hook": hook.get_uri(), "after it": hook.connection.get_uri()}
del os.environ["AWS_DEFAULT_REGION"]
try:
    signing_engine(postgres.PostgresHook("orders"))
except ValueError as error:
    answers["no region"] = str(error)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    finished = subprocess.run(
        [ROOT / ".local/venvs/airflow/bin/python", "-P", "-c", PROGRAM],
        input=json.dumps(list(CONNECTIONS)),
        env={
            "AIRFLOW_HOME": str(home),
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "PYTHONPATH": f"{ROOT / 'dags'}:{ROOT / 'lambda'}",
            **{
                f"AIRFLOW_CONN_{name.upper()}": json.dumps(
                    {"conn_type": "postgres", "login": "reader", "schema": "orders", **connection}
                )
                for name, connection in CONNECTIONS.items()
            },
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


both_drivers = pytest.mark.parametrize(
    ("version", "driver"), [(2, "psycopg2"), (3, "psycopg")], ids=["psycopg2", "psycopg 3"]
)


@both_drivers
def test_each_connect_has_a_token_of_its_moment(
    answers: dict[str, Any], version: int, driver: str
) -> None:
    answer = answers[f"orders {version}"]
    assert answer["driver"] == driver
    first, second = (parameters["password"] for parameters in answer["said"])
    assert "X-Amz-Date=20260101T120000Z" in first
    assert "X-Amz-Date=20260101T121600Z" in second


@both_drivers
def test_a_token_is_signed_for_the_connections_own_endpoint_and_user(
    answers: dict[str, Any], version: int, driver: str
) -> None:
    said = answers[f"orders {version}"]["said"][0]
    assert said["password"].startswith("db.example:5433/?Action=connect&DBUser=reader&")
    assert "%2Feu-central-1%2Frds-db%2F" in said["password"]
    assert said["sslmode"] == "verify-full"


@both_drivers
def test_a_connection_without_a_port_has_postgresqls(
    answers: dict[str, Any], version: int, driver: str
) -> None:
    said = answers[f"no_port {version}"]["said"][0]
    assert said["password"].startswith("db.example:5432/?")


@both_drivers
def test_the_engines_url_holds_no_token(answers: dict[str, Any], version: int, driver: str) -> None:
    url = answers[f"orders {version}"]["url"]
    assert url.startswith(
        f"postgresql{'+psycopg' if version == 3 else ''}://reader@db.example:5433/"
    )


@both_drivers
@pytest.mark.parametrize("name", ["a_password", "redshift"])
def test_a_connection_that_is_not_for_a_token_keeps_its_password(
    answers: dict[str, Any], version: int, driver: str, name: str
) -> None:
    assert [said["password"] for said in answers[f"{name} {version}"]["said"]] == 2 * ["its own"]


def test_without_a_region_it_says_who_has_none(answers: dict[str, Any]) -> None:
    assert answers["no region"] == (
        "no region: neither aws_default nor AWS_DEFAULT_REGION names one"
    )


def test_the_stored_connection_holds_no_token_and_the_providers_own_uri_does(
    answers: dict[str, Any],
) -> None:
    """If the provider's does no more, docs/security.md need not warn of it."""
    holding = {name: "X-Amz-Signature" in uri for name, uri in answers["uris"].items()}
    assert holding == {"stored": False, "hook": True, "after it": True}
    assert "`PostgresHook.get_uri()`" in (ROOT / "docs/security.md").read_text()
