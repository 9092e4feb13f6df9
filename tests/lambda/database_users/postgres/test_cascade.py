"""What goes along with a grant option that is taken back is given by whom it is to come from."""

from dataclasses import replace

import pytest

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, refused, run


def test_what_a_group_has_of_one_who_may_no_longer_pass_it_on_it_has_of_the_owner(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute(
        "SET ROLE orders_owner",
        "CREATE SCHEMA app",
        "CREATE TABLE app.item (id int)",
        "GRANT ALL ON SCHEMA app TO reader WITH GRANT OPTION",
        "GRANT INSERT, SELECT ON app.item TO reader WITH GRANT OPTION",
        "REVOKE ALL ON app.item FROM orders_writer",
        "REVOKE ALL ON SCHEMA app FROM orders_writer",
        "SET ROLE reader",
        "GRANT INSERT, SELECT ON app.item TO orders_writer",
        "GRANT USAGE ON SCHEMA app TO orders_writer",
        database="orders",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "writer", ["INSERT INTO app.item VALUES (1)"]) == []
    assert refused(server, "reader", ["INSERT INTO app.item VALUES (1)"]) != []


def test_a_database_stays_open_to_who_came_in_by_one_that_may_no_longer_pass_it_on(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute(
        "SET ROLE orders_owner",
        "GRANT CONNECT, TEMPORARY ON DATABASE orders TO orders_reader WITH GRANT OPTION",
        "REVOKE ALL ON DATABASE orders FROM orders_writer",
        "SET ROLE orders_reader",
        "GRANT CONNECT, TEMPORARY ON DATABASE orders TO orders_writer",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    server.login("writer", "orders").close()
    assert server.query(
        "SELECT has_database_privilege('orders_reader', 'orders', 'TEMPORARY')"
    ) == [(False,)]


def test_no_level_may_pass_on_what_it_may_do_with_the_database(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "SET ROLE orders_owner",
        "GRANT CONNECT ON DATABASE orders TO orders_reader WITH GRANT OPTION",
        "CREATE SCHEMA app",
        "GRANT USAGE ON SCHEMA app TO orders_reader WITH GRANT OPTION",
        database="orders",
    )
    run(server, ORDERS)
    server.execute("CREATE ROLE stranger")
    passing_on = [
        "GRANT CONNECT ON DATABASE orders TO stranger",
        "GRANT USAGE ON SCHEMA app TO stranger",
    ]
    server.execute("SET ROLE orders_reader", *passing_on, database="orders")  # without effect
    assert server.query(
        "SELECT has_database_privilege('stranger', 'orders', 'CONNECT'),"
        " has_schema_privilege('stranger', 'app', 'USAGE')",
        "orders",
    ) == [(False, False)]
    assert outstanding(server, ORDERS) == []


@pytest.mark.parametrize("option", ["", " WITH GRANT OPTION"])
def test_removed_users_that_granted_to_each_other_are_dropped_together(
    server: Postgres, option: str
):
    run(server, ORDERS)
    server.execute(
        "SET ROLE orders_owner",
        "CREATE TABLE item (id int)",
        "GRANT SELECT ON item TO owner WITH GRANT OPTION",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
        "SET ROLE owner",
        f"GRANT SELECT ON item TO reader{option}",
        "SET ROLE reader" if option else "SELECT",
        "GRANT SELECT ON item TO writer",
        database="orders",
    )
    nobody = replace(ORDERS, read=(), write=(), own=())
    outcome = run(server, nobody)
    assert outcome.findings == ()
    assert outstanding(server, nobody) == []
    assert (
        server.query("SELECT 1 FROM pg_roles WHERE rolname IN ('owner', 'reader', 'writer')") == []
    )


def test_what_a_removed_user_owns_and_cannot_hand_over_is_told_once(server: Postgres):
    """Its schema is another's, in which the owner role may create nothing."""
    run(server, ORDERS)
    server.execute("CREATE ROLE far")
    server.execute(
        "CREATE SCHEMA made AUTHORIZATION far",
        "GRANT USAGE ON SCHEMA made TO PUBLIC",
        "CREATE TABLE made.item (id int)",
        "ALTER TABLE made.item OWNER TO owner",
        "SET ROLE owner",
        "GRANT SELECT ON made.item TO writer",
        database="orders",
    )
    nobody = replace(ORDERS, write=(), own=())
    outcome = run(server, nobody)
    assert outstanding(server, nobody) == []
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'writer'") == []
    assert (
        "orders: 1 objects of owner are not taken over (table made.item): orders_owner may"
        " create nothing in the schema made" in outcome.findings
    )
    assert run(server, nobody).findings == outcome.findings


def test_a_tablespace_is_taken_from_those_who_passed_it_on_to_each_other(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    with server.superuser() as connection:
        for statement in (
            "SET allow_in_place_tablespaces = on",
            "CREATE TABLESPACE fast LOCATION ''",
            "ALTER TABLESPACE fast OWNER TO near",
            "GRANT CREATE ON TABLESPACE fast TO orders_owner WITH GRANT OPTION",
            "SET ROLE orders_owner",
            "GRANT CREATE ON TABLESPACE fast TO reader WITH GRANT OPTION",
            "SET ROLE reader",
            "GRANT CREATE ON TABLESPACE fast TO orders_writer",
        ):
            connection.execute(statement.encode())
    assert run(server, ORDERS).findings == ()
    assert outstanding(server, ORDERS) == []
    for role in ("orders_owner", "reader", "orders_writer"):
        assert server.query(f"SELECT has_tablespace_privilege('{role}', 'fast', 'CREATE')") == [
            (False,)
        ]
