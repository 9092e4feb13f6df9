"""Grants that somebody made by hand: taken back from our roles, and from everyone."""

from dataclasses import replace

import psycopg
import pytest

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, refused, run

MESS = (
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
    "GRANT CREATE ON SCHEMA public TO PUBLIC",
    "GRANT INSERT, UPDATE (id) ON item TO orders_reader WITH GRANT OPTION",
    "GRANT DELETE ON item TO reader",
    "GRANT SELECT ON item TO boss",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO orders_reader",
    "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    "REVOKE SELECT ON item FROM orders_reader",
    "GRANT CONNECT ON DATABASE orders TO PUBLIC",
    "GRANT CONNECT ON DATABASE orders TO boss",
)


def test_what_was_granted_by_hand_is_taken_back(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    server.execute("SET ROLE orders_owner", *MESS, database="orders")
    server.execute(
        "GRANT payroll_owner TO reader",
        "ALTER ROLE reader SET role = payroll_owner",
        "ALTER ROLE owner RESET role",
        user=MASTER,
    )
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE TABLE later (id int)", database="orders", user="owner")
    assert refused(server, "reader", ["SELECT * FROM item", "SELECT * FROM later"]) == []
    writes = [
        "INSERT INTO item VALUES (1)",
        "UPDATE item SET id = 1",
        "DELETE FROM item",
        "INSERT INTO later VALUES (1)",
        "CREATE TABLE more ()",
    ]
    assert refused(server, "reader", writes) == writes
    for user, database in (("boss", "orders"), ("reader", "payroll")):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            server.login(user, database)
    assert outstanding(server, ORDERS, PAYROLL) == []


def test_a_grant_option_of_the_masters_own_does_not_mislead_it(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "CREATE TABLE item (id int)",
        "GRANT INSERT, SELECT ON item TO administrator WITH GRANT OPTION",
        "GRANT INSERT ON item TO orders_reader",
        "REVOKE SELECT ON item FROM orders_writer",
        database="orders",
        user="owner",
    )
    server.execute(
        "GRANT CONNECT ON DATABASE orders TO administrator WITH GRANT OPTION",
        "GRANT CONNECT ON DATABASE orders TO PUBLIC",
        user="owner",
        database="orders",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "reader", ["INSERT INTO item VALUES (1)"]) != []
    assert server.query(
        "SELECT grantor FROM information_schema.role_table_grants"
        " WHERE grantee = 'orders_writer' AND privilege_type = 'SELECT'",
        "orders",
    ) == [("orders_owner",)]


def test_a_grant_option_of_a_databases_owner_does_not_stand_for_the_owner_of_each(
    server: Postgres,
):
    """What belongs to `pg_database_owner` is the owner role's, which may have options by name."""
    run(server, ORDERS)
    server.execute(
        "CREATE TABLE item (id int)",
        "ALTER TABLE item OWNER TO pg_database_owner",
        "GRANT ALL ON item TO orders_owner, reader WITH GRANT OPTION",
        "GRANT INSERT ON item TO orders_reader",
        "REVOKE SELECT ON item FROM orders_reader",
        "GRANT CREATE ON SCHEMA public TO orders_owner WITH GRANT OPTION",
        "GRANT CREATE ON SCHEMA public TO orders_reader",
        database="orders",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    wrong = ["INSERT INTO item VALUES (1)", "CREATE TABLE public.more ()"]
    assert refused(server, "reader", wrong) == wrong
    assert refused(server, "reader", ["SELECT * FROM item"]) == []
    nobody = replace(ORDERS, read=())
    assert run(server, nobody).findings == ()
    assert outstanding(server, nobody) == []


def test_what_another_passed_on_to_ours_is_taken_back_where_the_master_can(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute("CREATE ROLE far")
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    for role in ("near", "far"):
        server.execute(
            "SET ROLE orders_owner",
            f"GRANT USAGE ON SCHEMA public TO {role}",
            f"GRANT INSERT, DELETE ON item TO {role} WITH GRANT OPTION",
            f"GRANT CONNECT ON DATABASE orders TO {role} WITH GRANT OPTION",
            f"SET ROLE {role}",
            f"GRANT {'INSERT' if role == 'near' else 'DELETE'} ON item TO orders_reader",
            f"GRANT CONNECT ON DATABASE orders TO {'PUBLIC' if role == 'near' else 'orders_owner'}",
            database="orders",
        )
    server.execute("SET ROLE far", "GRANT CONNECT ON DATABASE orders TO PUBLIC", database="orders")
    findings = run(server, ORDERS).findings
    assert (
        "orders: orders_reader keeps privileges on 1 objects that far granted and only far can"
        " revoke" in findings
    )
    assert (
        "orders: everyone (PUBLIC) keeps CONNECT on the database; only far can revoke it"
        in findings
    )
    assert refused(server, "reader", ["INSERT INTO item VALUES (1)"]) != []
    assert refused(server, "reader", ["DELETE FROM item"]) == []
    assert outstanding(server, ORDERS) == []
    assert server.query("SELECT has_table_privilege('near', 'item', 'INSERT')", "orders") == [
        (True,)
    ]
