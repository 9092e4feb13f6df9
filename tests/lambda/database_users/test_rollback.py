"""CloudFormation's rollback to the old declaration hands back no access that ended."""

import time
from dataclasses import replace
from typing import Any

import pytest

from database_users import rollback
from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.postgres.run import Outcome, converge
from database_users.postgres.session import Connect
from database_users.request import parse_request
from database_users.rollback import revoked
from rds_login.causes import ServerError
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import Refusing, run

STACK = {"StackId": "arn:aws:cloudformation:eu-central-1:111122223333:stack/dev-access/1"}


def properties(*databases: Database, repair: str = "never") -> dict[str, Any]:
    return {
        "ServiceToken": "arn:aws:lambda:eu-central-1:111122223333:function:f",
        "InstanceResourceId": "db-A",
        "Repair": repair,
        "Databases": [
            {"Name": one.name, "Owner": one.owner, "Writer": one.writer, "Reader": one.reader}
            | {"Read": [*one.read], "Write": [*one.write], "Own": [*one.own]}
            for one in databases
        ],
    }


def deployed(
    connect: Connect, old: dict[str, Any], new: dict[str, Any], by: dict[str, str] = STACK
) -> Outcome:
    """What the function does where CloudFormation goes from `old` to `new`."""
    event = {"RequestType": "Update", "OldResourceProperties": old, "ResourceProperties": new}
    request = parse_request(event | by, MASTER)
    deadline = Deadline(time.monotonic() + 60)
    return converge(connect, request.databases, deadline, transition=request.transition)


def users(server: Postgres) -> set[str]:
    rows = server.query(
        "SELECT rolname FROM pg_roles"
        " WHERE rolcanlogin AND NOT rolsuper AND pg_has_role(oid, 'rds_iam', 'USAGE')"
    )
    return {name for (name,) in rows} - {MASTER}


OLD = properties(ORDERS, PAYROLL)
LESS = properties(replace(ORDERS, read=("analyst",), own=()), PAYROLL)


def test_a_rollback_gives_back_nothing_that_was_revoked_and_takes_what_was_given(server: Postgres):
    run(server, ORDERS, PAYROLL)
    deployed(server.connect, OLD, LESS)
    assert users(server) == {"analyst", "writer", "boss"}
    outcome = deployed(server.connect, LESS, OLD)
    assert users(server) == {"writer", "boss"}
    assert {finding.split()[0] for finding in outcome.findings} == {"owner", "reader"}
    # As "continue update rollback" does; and then the deploy that failed once more.
    deployed(server.connect, LESS, OLD)
    assert users(server) == {"writer", "boss"}
    deployed(server.connect, OLD, LESS)
    assert users(server) == {"analyst", "writer", "boss"}


@pytest.mark.parametrize(
    ("refused", "stays"),
    [
        ('FROM "owner"', True),
        ('"owner" NOLOGIN', False),  # it has lost its role already
    ],
)
def test_a_rollback_leaves_whose_revocation_did_not_begin(
    newest: Postgres, refused: str, stays: bool
):
    run(newest, ORDERS, PAYROLL)
    newest.execute("REVOKE CONNECT ON DATABASE orders FROM owner")
    after = properties(replace(ORDERS, write=(), own=()), PAYROLL)
    refusing = Refusing(newest, refused, *(['"owner" NOLOGIN'] if stays else []))
    with pytest.raises(ServerError):
        deployed(refusing.connect, OLD, after)
    deployed(newest.connect, after, OLD)
    assert users(newest) == {"reader", "boss", *(["owner"] if stays else [])}


def test_what_is_no_rollback_gives_access(newest: Postgres, monkeypatch: pytest.MonkeyPatch):
    everybody = {"reader", "writer", "owner", "boss"}
    again = replace(PAYROLL, read=("clerk",))
    for old, new, by, seconds in (
        (LESS, properties(ORDERS, again), STACK, 0),
        (LESS, properties(ORDERS, PAYROLL, repair="20261126T080000Z"), STACK, 0),
        (LESS, OLD, {}, 0),  # by hand, as `make restore-access`
        (LESS, OLD, STACK, rollback.ROLLBACK_SECONDS),
    ):
        newest.reset()
        run(newest, ORDERS, PAYROLL)
        with monkeypatch.context() as earlier:
            then = time.time() - seconds
            earlier.setattr("database_users.postgres.revoked.time.time", lambda then=then: then)
            deployed(newest.connect, OLD, LESS)
        deployed(newest.connect, old, new, by)
        assert users(newest) >= everybody


def test_a_rollback_gives_back_a_level_that_gave_way_to_a_higher_one_and_no_other():
    before = replace(ORDERS, read=("a_orders_read",), write=("b_orders_write", "c_orders_write"))
    after = replace(
        ORDERS, read=("b_orders_read",), write=("a_orders_write",), own=("c_orders_own", "owner")
    )
    assert revoked([before], [after]) == {"b_orders_write"}
    assert revoked([before], []) == {"a_orders_read", "b_orders_write", "c_orders_write", "owner"}


@pytest.mark.parametrize(
    "note",
    [
        *("", "a note of others", "[]", '{"a": 1}', '{"a": ["x", 1]}'),
        *("[" * 100_000, '{"handover": {}}', '{"handover": {"databases": []}}'),
    ],
    ids=lambda note: note[:40],
)
def test_another_note_on_the_role_is_no_hindrance(newest: Postgres, note: str):
    run(newest, ORDERS, PAYROLL)
    newest.execute(f"COMMENT ON ROLE airflow_rds_iam IS '{note}'")
    deployed(newest.connect, OLD, LESS)
    deployed(newest.connect, LESS, OLD)
    assert users(newest) == {"writer", "boss"}
