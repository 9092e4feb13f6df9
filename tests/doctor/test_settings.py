"""What an Airflow connection must say; the driver is psycopg's own parser of options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from doctor.settings import settings
from doctor.subject import Subject

TLS = {"sslmode": "verify-full", "sslrootcert": "/certificates/global-bundle.pem"}
RIGHT: dict[str, Any] = {"iam": True, **TLS, "sqlalchemy_query": TLS}
SUBJECT = Subject(
    title="warehouse_orders",
    host="dev-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com",
    port=5432,
    database="orders",
    user="airflow_orders_read",
    region="eu-central-1",
    authorities=TLS["sslrootcert"],
)


def refused(options: Mapping[str, Any]) -> str | None:
    try:
        make_conninfo(**options)
    except psycopg.Error as error:
        return str(error)
    return None


def cause(title: str = "warehouse_orders", **changes: Any) -> str | None:
    subject = replace(SUBJECT, title=title)
    extra = {key: value for key, value in {**RIGHT, **changes}.items() if value != "absent"}
    answer = settings(
        subject,
        extra,
        missing=lambda name: None if name == "elsewhere" else "it isn't defined",
        refused=refused,
    )
    return answer.cause and answer.cause.key


def test_what_is_deployed_is_right() -> None:
    assert cause() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aws_conn_id": "elsewhere"},
        {"aws_conn_id": None},
        {"cursor": "dictcursor", "application_name": "dag", "keepalives_idle": 30},
        {"sslmode": "verify-ca", "sqlalchemy_query": {**TLS, "sslmode": "verify-ca"}},
    ],
)
def test_what_a_team_may_add_is_no_fault(changes: dict[str, Any]) -> None:
    assert cause(**changes) is None


@pytest.mark.parametrize("what", ["host", "user", "database"])
def test_one_that_is_not_whole_is_named(what: str) -> None:
    changes: dict[str, Any] = {what: None}
    subject = replace(SUBJECT, **changes)
    answer = settings(subject, RIGHT, missing=lambda _: None, refused=refused)
    assert answer.cause
    assert answer.cause.key == "incomplete"
    assert what in answer.seen


def test_a_connection_of_ones_own_may_have_any_name() -> None:
    assert cause(title="my_orders_copy") is None


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("no-token", {"iam": False}),
        ("no-token", {"iam": "absent"}),
        ("unknown-option", {"region_name": "eu-central-1"}),
        ("unknown-option", {"ssl_mode": "verify-full"}),
        ("no-encryption", {"sslmode": "disable"}),
        ("no-encryption", {"sqlalchemy_query": {**TLS, "sslmode": "allow"}}),
        ("no-verification", {"sslmode": "require"}),
        ("no-verification", {"sslmode": "absent"}),
        ("no-verification", {"sqlalchemy_query": "absent"}),
        ("no-verification", {"sqlalchemy_query": {**TLS, "sslrootcert": "/other.pem"}}),
        ("no-aws-connection", {"aws_conn_id": "absent_there"}),
        ("other-server", {"title": "billing_orders"}),
        ("other-options", {"sqlalchemy_query": "sslmode=verify-full"}),
    ],
)
def test_each_thing_that_is_wrong_is_named(key: str, changes: dict[str, Any]) -> None:
    assert cause(**changes) == key


@pytest.mark.parametrize(
    ("kind", "key"), [("postgres", None), ("postgresql", None), ("mysql", "other-type")]
)
def test_one_of_another_type_is_named(kind: str, key: str | None) -> None:
    answer = settings(SUBJECT, RIGHT, missing=lambda _: None, refused=refused, kind=kind)
    assert answer.key == key
