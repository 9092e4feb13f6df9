"""Users that go or change: their sessions, their objects, their databases."""

from dataclasses import replace

import psycopg
import pytest

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, refused, run


def test_a_user_that_owns_in_three_databases_is_dropped_and_the_objects_stay(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE DATABASE foreign_one", user=MASTER)
    server.execute("REVOKE CONNECT ON DATABASE foreign_one FROM PUBLIC", user=MASTER)
    for name in ("orders", "payroll", "foreign_one"):
        server.execute(
            f"GRANT CREATE, CONNECT ON DATABASE {name} TO owner",
            "CREATE SCHEMA hand AUTHORIZATION owner",
            "SET ROLE owner",
            "CREATE TABLE hand.made (id int)",
            "CREATE FUNCTION hand.made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
            database=name,
        )
    server.execute(
        "CREATE DATABASE owned OWNER owner", "REVOKE CONNECT ON DATABASE owned FROM PUBLIC"
    )
    session = server.login("owner", "orders")
    outcome = run(server, replace(ORDERS, own=()), PAYROLL)
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'owner'") == []
    owners = {
        name: server.query("SELECT tableowner FROM pg_tables WHERE schemaname = 'hand'", name)
        for name in ("orders", "payroll", "foreign_one")
    }
    assert owners == {
        "orders": [("orders_owner",)],
        "payroll": [("payroll_owner",)],
        "foreign_one": [(MASTER,)],
    }
    assert server.query("SELECT 1 FROM pg_database WHERE datname = 'owned'") == [(1,)]
    assert outcome.findings == ()
    assert outstanding(server, replace(ORDERS, own=()), PAYROLL) == []


def test_what_a_user_has_in_a_database_whose_owner_is_out_of_reach_is_the_masters(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE DATABASE others", f"GRANT CREATE ON DATABASE others TO {MASTER}")
    server.execute(
        "CREATE SCHEMA hand AUTHORIZATION owner",
        "CREATE TABLE hand.made (id int)",
        "ALTER TABLE hand.made OWNER TO owner",
        "CREATE TABLE public.held (id int)",
        "ALTER TABLE public.held OWNER TO reader",
        database="others",
    )
    after = replace(ORDERS, own=(), read=())
    findings = run(server, after).findings
    owners = server.query("SELECT tableowner FROM pg_tables WHERE schemaname = 'hand'", "others")
    assert owners == [(MASTER,)]
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'owner'") == []
    assert any(
        "1 objects of reader are not taken over (table public.held): administrator may create"
        " nothing in the schema public" in finding
        for finding in findings
    )
    assert outstanding(server, after) == []
    assert run(server, after).findings == findings


def test_a_user_that_cannot_be_dropped_stays_without_login_and_is_reported(server: Postgres):
    run(server, ORDERS)
    # A database that the master cannot enter holds a table of the user.
    server.execute("CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    server.execute(
        "CREATE TABLE held (id int)", "ALTER TABLE held OWNER TO reader", database="closed"
    )
    outcome = run(server, replace(ORDERS, read=()))
    assert any("reader" in finding and "depend" in finding for finding in outcome.findings)
    assert server.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'reader'") == [(False,)]
    with pytest.raises(psycopg.OperationalError):
        server.login("reader", "orders")
    # Nor does the next run wedge, and once it can be dropped, it is.
    run(server, replace(ORDERS, read=()))
    server.execute("DROP DATABASE closed")
    run(server, replace(ORDERS, read=()))
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'reader'") == []


def test_what_is_temporary_is_its_sessions_and_keeps_nobody(server: Postgres):
    run(server, ORDERS)
    with server.login("writer", "orders") as writer:
        for statement in (
            "CREATE TEMPORARY TABLE mine AS SELECT 1 AS id",
            "CREATE FUNCTION pg_temp.one() RETURNS int LANGUAGE sql RETURN 1",
            "GRANT SELECT, UPDATE (id) ON mine TO reader",
            "GRANT EXECUTE ON FUNCTION pg_temp.one() TO reader",
        ):
            writer.execute(statement.encode())
        after = replace(ORDERS, read=())
        assert run(server, after).findings == ()
        assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'reader'") == []
        assert outstanding(server, after) == []
        assert writer.execute("SELECT id, pg_temp.one() FROM mine").fetchall() == [(1, 1)]


def test_a_user_that_changes_its_level_loses_its_sessions(server: Postgres):
    run(server, ORDERS)
    session = server.login("owner", "orders")
    session.execute("CREATE TABLE made (id int)")
    run(server, replace(ORDERS, own=(), read=("reader", "owner")))
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert refused(server, "owner", ["SELECT * FROM made"]) == []
    assert refused(server, "owner", ["DROP TABLE made"]) != []


def test_a_database_that_is_declared_no_more_keeps_its_data(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE TABLE item AS SELECT 1 AS id", database="payroll", user="boss")
    run(server, ORDERS)
    assert server.query("SELECT id FROM item", "payroll") == [(1,)]
    assert server.query("SELECT 1 FROM pg_roles WHERE rolname = 'boss'") == []
