"""What an owner took from itself it has again: its level says so, and the master acts for it."""

import pytest

from tests.database_server import Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, refused, run

MADE = (
    "CREATE SCHEMA app",
    "CREATE TABLE app.item (id serial)",
    "CREATE TYPE app.kind AS ENUM ('x')",
    "CREATE FUNCTION app.called(app.kind) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SELECT lo_create(77)",
)
USED = (
    "SELECT * FROM app.item",
    "INSERT INTO app.item DEFAULT VALUES",
    "CREATE TABLE app.more (of app.kind)",
    "SELECT app.called('x')",
    "SELECT lo_put(77, 0, 'x')",
)


@pytest.mark.parametrize("privilege", ["USAGE", "CREATE", "ALL"])
def test_an_owner_cannot_keep_the_master_out_of_its_schema(server: Postgres, privilege: str):
    run(server, ORDERS)
    server.execute(
        *MADE,
        "REVOKE ALL ON SCHEMA app FROM orders_reader",
        "REVOKE ALL ON app.item FROM orders_reader",
        "GRANT INSERT ON app.item TO orders_reader WITH GRANT OPTION",
        f"REVOKE {privilege} ON SCHEMA app FROM orders_owner",
        database="orders",
        user="owner",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "owner", USED) == []
    assert refused(server, "reader", USED[:2]) == [USED[1]]


def test_an_owner_may_use_what_is_its_own(server: Postgres):
    run(server, ORDERS)
    server.execute(
        *MADE,
        "REVOKE ALL ON app.item FROM orders_owner",
        "REVOKE ALL ON SEQUENCE app.item_id_seq FROM orders_owner",
        "REVOKE ALL ON TYPE app.kind FROM orders_owner, PUBLIC",
        "REVOKE ALL ON FUNCTION app.called(app.kind) FROM orders_owner, PUBLIC",
        "REVOKE ALL ON LARGE OBJECT 77 FROM orders_owner",
        database="orders",
        user="owner",
    )
    assert refused(server, "owner", USED) != []
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "owner", USED) == []
