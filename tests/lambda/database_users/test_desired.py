"""Input that is wrong or hostile gets a clear error, before a connection is made."""

from typing import Any

import pytest

from database_users.desired import (
    MANAGED,
    RESERVED_ROLES,
    Database,
    InvalidRequestError,
    parse_databases,
)
from database_users.request import parse_request

ORDERS: dict[str, Any] = {
    "Name": "orders",
    "Owner": "orders_owner",
    "Writer": "orders_writer",
    "Reader": "orders_reader",
    "Read": ["airflow_orders_read"],
}
PAYROLL = {"Name": "payroll", "Owner": "payroll_owner", "Writer": "p_writer", "Reader": "p_reader"}


def test_a_declaration_becomes_values():
    entry = ORDERS | {"Read": ["a"], "Write": ["b", "c"], "Own": [], "OldOwners": ["legacy"]}
    assert parse_databases([entry], "administrator") == (
        Database(
            "orders",
            "orders_owner",
            "orders_writer",
            "orders_reader",
            ("a",),
            ("b", "c"),
            (),
            ("legacy",),
        ),
    )


def test_a_limit_may_be_the_text_that_cloudformation_makes_of_it():
    limits = [{}, {"ConnectionLimit": 7}, {"ConnectionLimit": "7"}]
    found = [parse_databases([ORDERS | limit], "administrator") for limit in limits]
    assert [one.connection_limit for (one,) in found] == [None, 7, 7]


WRONG: list[tuple[Any, str]] = [
    *(
        (
            [ORDERS | {"ConnectionLimit": value}],
            r"Databases\[0\].ConnectionLimit: .* is no number of connections; allowed is 1 to 26",
        )
        for value in (0, -1, "", "-1", "5O", "٣", 7.5, True, None, [50], 262144)
    ),
    (None, "Databases: None is no list"),
    ("orders", "Databases: 'orders' is no list"),
    (["orders"], r"Databases\[0\]: 'orders' is no object; allowed is Name, Owner"),
    ([{"Name": "x"}], r"Databases\[0\]: Owner is missing"),
    ([ORDERS | {"Admin": []}], r"Databases\[0\]: unknown key 'Admin'; allowed is Name"),
    ([ORDERS | {"Name": 3}], r"Databases\[0\].Name: 3 is no text"),
    ([ORDERS | {"Name": ""}], r"Name: '' has 0 bytes; allowed are 1 to 63"),
    ([ORDERS | {"Name": "é" * 32}], "has 64 bytes; allowed are 1 to 63"),
    ([ORDERS | {"Name": "a\0b"}], "cannot be printed"),
    ([ORDERS | {"Name": "a\nb"}], "cannot be printed"),
    ([ORDERS | {"Name": "\ud800"}], "is no valid unicode"),
    ([ORDERS | {"Name": "postgres"}], "PostgreSQL's or RDS's own database"),
    ([ORDERS | {"Name": "template1"}], "PostgreSQL's or RDS's own database"),
    ([ORDERS | {"Name": "rdsadmin"}], "PostgreSQL's or RDS's own database"),
    ([ORDERS | {"Read": "reader"}], r"Databases\[0\].Read: 'reader' is no list"),
    ([ORDERS | {"Read": [None]}], r"Databases\[0\].Read\[0\]: None is no text"),
    ([ORDERS | {"Read": ["pg_monitor"]}], r"Read\[0\]: 'pg_monitor' is reserved"),
    ([ORDERS | {"Own": ["rds_superuser"]}], r"Own\[0\]: 'rds_superuser' is reserved"),
    ([ORDERS | {"Owner": "rdsadmin"}], "'rdsadmin' is reserved"),
    ([ORDERS | {"Reader": "public"}], "'public' is reserved"),
    ([ORDERS | {"OldOwners": ["pg_read_all_data"]}], "is reserved"),
    (
        [ORDERS | {"Own": ["boss"], "Retiring": ["boss"]}],
        r"Retiring\[0\]: 'boss' is already Databases\[0\].Own",
    ),
    (
        [ORDERS | {"OldOwners": ["legacy", "orders_owner"]}],
        r"Databases\[0\].OldOwners\[1\]: 'orders_owner' is declared at Databases\[0\].Owner",
    ),
    (
        [ORDERS, PAYROLL | {"OldOwners": ["orders_owner"]}],
        r"Databases\[1\].OldOwners\[0\]: 'orders_owner' is declared at Databases\[0\].Owner",
    ),
    (
        [ORDERS, PAYROLL | {"OldOwners": ["airflow_orders_read"]}],
        r"OldOwners\[0\]: 'airflow_orders_read' is declared at Databases\[0\].Read\[0\]",
    ),
    ([ORDERS | {"OldOwners": ["airflow_rds_iam"]}], "is the role that marks our users"),
    ([ORDERS | {"OldOwners": ["administrator"]}], "is the master user"),
    ([ORDERS | {"OldOwners": ["rdsadmin"]}], "is reserved"),
    ([ORDERS | {"Own": ["administrator"]}], "'administrator' is already the master user"),
    ([ORDERS | {"Own": ["airflow_rds_iam"]}], "is already the role that marks our users"),
    ([ORDERS | {"Own": ["a"], "Read": ["a"]}], r"Own\[0\]: 'a' is already .*Read\[0\]"),
    ([ORDERS | {"Own": ["orders_reader"]}], "'orders_reader' is already .*Reader"),
    ([ORDERS, ORDERS], r"Databases\[1\].Name: 'orders' stands there twice"),
    ([ORDERS, ORDERS | {"Name": "b"}], r"Databases\[1\].Owner: 'orders_owner' is already"),
]


@pytest.mark.parametrize(("value", "message"), WRONG)
def test_what_is_wrong_is_named_with_its_place(value: object, message: str):
    with pytest.raises(InvalidRequestError, match=message):
        parse_databases(value, "administrator")


OURS = (
    "orders_owner",
    "orders_writer",
    "orders_reader",
    "payroll_owner",
    "p_writer",
    "p_reader",
    "airflow_orders_read",
    "boss",
    "leaver",
    MANAGED,
    "administrator",
)
RESERVED = (
    *sorted(RESERVED_ROLES),
    "pg_database_owner",
    "pg_monitor",
    "rds_superuser",
    "rds_iam",
    "rdsproxyadmin",
)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("role", [*OURS, *RESERVED])
def test_no_role_that_is_or_becomes_ours_is_an_old_owner(role: str, place: int):
    """Nor is one of RDS's or PostgreSQL's, in whichever database it is named."""
    declared = [
        ORDERS | {"Retiring": ["leaver"]},
        PAYROLL | {"Own": ["boss"], "OldOwners": ["legacy"]},
    ]
    parse_databases(declared, "administrator")
    declared[place] = declared[place] | {"OldOwners": ["legacy", role]}
    with pytest.raises(InvalidRequestError, match=rf"Databases\[{place}\].OldOwners\[1\]"):
        parse_databases(declared, "administrator")


def test_a_long_value_is_not_repeated_at_length():
    with pytest.raises(InvalidRequestError) as failed:
        parse_databases([ORDERS | {"Name": "x" * 5000}], "administrator")
    assert len(str(failed.value)) < 250


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "the event is no object"),
        ({}, "RequestType: None is unknown; allowed is Create, Update, Delete, or a Mode"),
        ({"RequestType": "create"}, "RequestType: 'create' is unknown"),
        ({"RequestType": "Create"}, "ResourceProperties: NoneType is no object"),
        ({"RequestType": "Create", "ResourceProperties": {}}, "Databases: None is no list"),
        ({"Mode": "apply", "Databases": []}, "Mode: 'apply' is unknown; allowed is plan or check"),
        ({"Mode": "plan"}, "Databases: None is no list"),
    ],
)
def test_an_event_that_is_wrong_is_refused(event: object, message: str):
    with pytest.raises(InvalidRequestError, match=message):
        parse_request(event, "administrator")


def update(old: object) -> Any:
    return parse_request(
        {
            "RequestType": "Update",
            "PhysicalResourceId": "users",
            "ResourceProperties": {"InstanceResourceId": "db-A", "Databases": [ORDERS]},
            "OldResourceProperties": old,
        },
        "administrator",
    )


def test_an_update_knows_what_was_before():
    request = update({"InstanceResourceId": "db-A", "Databases": [ORDERS]})
    assert request.before == request.databases
    assert request.physical_id == "users"


@pytest.mark.parametrize(
    "old",
    [
        None,
        {"InstanceResourceId": "db-B", "Databases": [ORDERS]},
        {"InstanceResourceId": "db-A", "Databases": [{"Name": "what an older version took"}]},
    ],
)
def test_an_update_of_another_instance_or_of_something_unknown_enters_everything(old: object):
    assert update(old).before is None


def test_a_delete_wants_nobody_whatever_was_declared():
    request = parse_request(
        {"RequestType": "Delete", "ResourceProperties": {"Databases": [ORDERS]}}, "administrator"
    )
    assert request.databases == ()
