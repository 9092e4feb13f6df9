"""Objects of each kind, with names that need quoting, existing and made later."""

import psycopg
import pytest

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.object_kinds import EVERY_KIND, READS, WRITES
from tests.runs import outstanding, refused, run


def test_objects_of_each_kind_and_of_other_owners_are_granted_on(server: Postgres):
    server.execute("CREATE ROLE legacy LOGIN PASSWORD 'x'", user=MASTER)
    server.execute("GRANT legacy TO CURRENT_USER WITH INHERIT FALSE, SET TRUE", user=MASTER)
    server.execute("CREATE DATABASE orders OWNER legacy", user=MASTER)
    server.execute("SET ROLE legacy", *EVERY_KIND, database="orders")
    run(server, ORDERS)
    assert refused(server, "reader", READS) == []
    assert refused(server, "reader", WRITES) == list(WRITES)
    assert refused(server, "writer", [*READS, *WRITES]) == []
    assert refused(server, "owner", [*READS, *WRITES]) == []
    assert refused(server, "owner", ['DROP VIEW "Weird "" name".view']) != []
    assert outstanding(server, ORDERS) == []
    assert server.query(
        "SELECT pg_has_role('administrator', 'legacy', 'USAGE'),"
        " pg_has_role('administrator', 'legacy', 'SET')"
    ) == [(False, True)]


def test_objects_that_an_owner_makes_of_each_kind_need_no_second_run(server: Postgres):
    run(server, ORDERS)
    server.execute(*EVERY_KIND, database="orders", user="owner")
    assert refused(server, "reader", READS) == []
    assert refused(server, "reader", WRITES) == list(WRITES)
    assert refused(server, "writer", [*READS, *WRITES]) == []
    assert outstanding(server, ORDERS) == []
    assert {
        owner
        for (owner,) in server.query(
            "SELECT tableowner FROM pg_tables WHERE schemaname ~ 'Weird'", "orders"
        )
    } == {"orders_owner"}


def test_an_owner_makes_nothing_as_itself(server: Postgres):
    run(server, ORDERS)
    with server.login("owner", "orders") as connection:
        connection.execute("SET ROLE NONE")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine ()")
