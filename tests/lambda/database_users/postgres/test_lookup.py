"""Whoever runs a statement finds its object, also in a schema that is closed to that role."""

from dataclasses import replace

import pytest

from database_users.desired import Database
from tests.database_server import MASTER, SUPERUSER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, refused, run

# A table, a function, a type: each with a grant option, for which a statement is its owner's own.
OF_NEAR = (
    "CREATE TYPE made.kind AS ENUM ('x')",
    "CREATE TABLE made.item (id int)",
    "CREATE FUNCTION made.called(made.kind) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TYPE made.kind OWNER TO near",
    "ALTER TABLE made.item OWNER TO near",
    "ALTER FUNCTION made.called(made.kind) OWNER TO near",
)
OPTIONS = (
    "GRANT USAGE ON TYPE made.kind TO orders_owner WITH GRANT OPTION",
    "GRANT SELECT ON made.item TO orders_owner WITH GRANT OPTION",
    "GRANT EXECUTE ON FUNCTION made.called(made.kind) TO orders_owner WITH GRANT OPTION",
)


def made(server: Postgres, of_schema: str, *more: str, closed: bool = False) -> None:
    """Things of an outside role in a schema of `of_schema`, open to everyone or `closed`."""
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute("CREATE ROLE far")
    server.execute(
        f"CREATE SCHEMA made AUTHORIZATION {of_schema}",
        *([] if closed else ["GRANT USAGE ON SCHEMA made TO PUBLIC"]),
        *OF_NEAR,
        *more,
        database="orders",
    )


def access_to_schema(server: Postgres) -> list[str]:
    return sorted(
        item
        for (item,) in server.query(
            "SELECT unnest(nspacl)::text FROM pg_namespace WHERE nspname = 'made'", "orders"
        )
    )


@pytest.mark.first(1)
@pytest.mark.parametrize("options", [(), OPTIONS], ids=["as the master", "as its owner"])
@pytest.mark.parametrize("of_schema", ["orders_owner", "near"])
def test_what_is_in_a_schema_closed_to_its_owner_is_put_right(
    server: Postgres, of_schema: str, options: tuple[str, ...]
):
    made(server, of_schema, *options)
    server.execute("REVOKE ALL ON SCHEMA made FROM PUBLIC, near", database="orders")
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    reading = ["SELECT * FROM made.item", "SELECT made.called('x')"]
    for user in ("reader", "writer", "owner"):
        assert refused(server, user, reading) == []
    assert not [item for item in access_to_schema(server) if item.startswith(("near=U", "="))]


def test_what_everyone_loses_on_a_schema_is_lost_to_those_who_granted_there(server: Postgres):
    made(server, "orders_owner", *OPTIONS)
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "reader", ["SELECT * FROM made.item"]) == []


@pytest.mark.parametrize("adopting", [ORDERS, replace(ORDERS, old_owners=("near",))])
def test_who_granted_in_a_schema_that_is_closed_since_is_asked_there(
    server: Postgres, adopting: Database
):
    made(
        server,
        "orders_owner",
        "ALTER TABLE made.item OWNER TO orders_owner",
        "GRANT INSERT ON made.item TO near WITH GRANT OPTION",
        "SET ROLE near",
        "GRANT INSERT ON made.item TO orders_reader",
    )
    run(server, adopting)
    assert outstanding(server, adopting) == []
    assert refused(server, "reader", ["INSERT INTO made.item VALUES (1)"]) != []


def test_a_name_that_ends_like_the_schema_is_not_taken_for_it(server: Postgres):
    made(server, "orders_owner")
    server.execute(
        "CREATE SCHEMA ade AUTHORIZATION far",
        'CREATE SCHEMA "m""made" AUTHORIZATION far',
        "REVOKE ALL ON SCHEMA made FROM PUBLIC",
        database="orders",
    )
    findings = run(server, ORDERS).findings
    assert not [finding for finding in findings if "left out" in finding]
    assert outstanding(server, ORDERS) == []


def test_who_names_a_table_like_what_is_in_a_schema_out_of_reach_keeps_nothing(server: Postgres):
    made(server, "far", closed=True)
    server.execute(
        'CREATE TABLE public."my made.item" (id int)',
        'GRANT ALL ON public."my made.item" TO orders_reader, reader',
        database="orders",
        user="owner",
    )
    run(server, ORDERS)
    assert refused(server, "reader", ['DELETE FROM public."my made.item"']) != []
    run(server, replace(ORDERS, read=()))
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'reader'") == []


@pytest.mark.parametrize("of_schema", ["far", SUPERUSER])
def test_what_is_in_a_closed_schema_out_of_reach_is_left_out_and_told(
    server: Postgres, of_schema: str
):
    made(server, of_schema, "GRANT ALL ON made.item TO writer", closed=True)
    findings = run(server, ORDERS).findings
    (told,) = [finding for finding in findings if "left out" in finding]
    assert "administrator has no USAGE on the schema made" in told
    assert f"administrator no ADMIN OPTION on its owner {of_schema}" in told
    assert outstanding(server, ORDERS) == []
    nobody = replace(ORDERS, write=())
    again = run(server, nobody)
    assert any("writer is not dropped" in finding for finding in again.findings)
    assert outstanding(server, nobody) == []
    assert run(server, nobody).findings == again.findings
