"""Settings that an owner makes for its database do not reach the master's sessions."""

from tests.database_server import Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run


def test_an_owner_cannot_change_what_the_masters_sessions_do(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "CREATE SCHEMA evil",
        "CREATE FUNCTION evil.pg_get_userbyid(oid) RETURNS name LANGUAGE plpgsql AS"
        " $$BEGIN EXECUTE 'CREATE TABLE evil.done ()'; RETURN 'x'; END$$",
        "ALTER DATABASE orders SET search_path = evil, pg_catalog",
        "ALTER DATABASE orders SET role = 'orders_owner'",
        "ALTER DATABASE orders SET default_transaction_read_only = on",
        "ALTER DATABASE orders SET standard_conforming_strings = off",
        "ALTER DATABASE orders SET lock_timeout = 1",
        database="orders",
        user="owner",
    )
    server.execute("ALTER DATABASE orders SET default_transaction_read_only = on")
    server.execute(
        "SET default_transaction_read_only = off",
        "REVOKE USAGE ON SCHEMA public FROM orders_reader",
        database="orders",
    )
    assert run(server, ORDERS).statements > 0
    assert outstanding(server, ORDERS) == []
    assert server.query("SELECT 1 FROM pg_class WHERE relname = 'done'", "orders") == []
