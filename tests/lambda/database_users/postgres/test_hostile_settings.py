"""Settings that an owner makes for its database do not reach the master's sessions."""

import time
from dataclasses import replace

import pytest

from database_users.deadline import Deadline
from database_users.postgres.catalog.server_rows import SERVER_QUERY
from database_users.postgres.run import survey
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
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


def findings(server: Postgres) -> list[str]:
    plan = survey(server.connect, (ORDERS, PAYROLL), Deadline(time.monotonic() + 60))
    return [str(finding) for finding in plan.findings]


def test_what_is_set_for_a_database_is_told_with_its_values_and_always_the_same(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE DATABASE others")
    server.execute("ALTER DATABASE others SET search_path = evil")
    assert [one for one in findings(server) if "settings" in one] == []
    with server.login("owner", "orders") as owner:
        for statement in (
            "ALTER DATABASE orders SET statement_timeout = 1",
            "ALTER DATABASE orders SET search_path = 'it''s', E'a\\nb\\u202ec'",
            "ALTER DATABASE orders SET work_mem = '64MB'",  # changes nothing that the master does
            "ALTER DATABASE orders SET lock_timeout = '5s'",  # nor what it has anyway
            "ALTER ROLE orders_owner SET statement_timeout = 1",  # nor what is another's
        ):
            owner.execute(statement.encode())
    told = [one for one in findings(server) if "settings" in one]
    assert told == [
        "orders: it has settings that the function does not let change what it does, and that hold"
        """ for others: search_path = '"it''s", "a\\u000ab\\u202ec"', statement_timeout = '1'"""
    ]
    assert outstanding(server, ORDERS, PAYROLL) == []
    for _ in range(2):
        done = run(server, ORDERS, PAYROLL)
        assert (done.statements, [one for one in done.findings if "settings" in one]) == (0, told)
    server.execute("ALTER DATABASE orders RESET ALL")
    assert [one for one in findings(server) if "settings" in one] == []


def test_a_long_value_is_cut(newest: Postgres):
    run(newest, ORDERS, PAYROLL)
    newest.execute(f"ALTER ROLE administrator SET search_path = {'x' * 63}, y")
    (told,) = (one for one in findings(newest) if "settings" in one)
    assert told.startswith("administrator: ")
    assert told.endswith(f"search_path = '{'x' * 60}…'")
    newest.execute("ALTER ROLE administrator RESET ALL")


def test_what_keeps_a_user_out_of_the_log_is_told_of_whoever_could_set_it(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("ALTER ROLE administrator SET log_statement = 'ddl'")  # not ours
    for user, statement in (
        ("reader", "ALTER ROLE reader SET log_statement = 'mod'"),
        ("owner", "ALTER DATABASE orders SET log_statement = 'all'"),
    ):
        server.execute(f"GRANT SET ON PARAMETER log_statement TO {user}, orders_owner")
        server.execute(statement, database="orders", user=user)
        server.execute(f"REVOKE SET ON PARAMETER log_statement FROM {user}, orders_owner")
    assert findings(server) == [
        f"{where}: log_statement is set to '{value}', by which the server's log says other than of"
        " everyone which statements were run"
        for where, value in (("every user in orders", "all"), ("reader", "mod"))
    ]
    assert outstanding(server, ORDERS, PAYROLL) == []
    server.execute("ALTER ROLE administrator RESET ALL")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_what_is_set_in_bytes_that_are_no_text_elsewhere_holds_nobody_up(
    server: Postgres, encoding: str
):
    server.execute(
        f"CREATE DATABASE orders TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C'"
        " LC_CTYPE 'C'",
        user=MASTER,
    )
    run(server, ORDERS, PAYROLL)
    for user, statement in (
        ("reader", b"ALTER ROLE reader SET role = '\xe9\xff'"),
        ("writer", b"ALTER ROLE writer IN DATABASE payroll SET role = '\xc3'"),
        ("owner", b"ALTER DATABASE orders SET search_path = 'it\xe9'"),
    ):
        with server.login(user, "orders", client_encoding=encoding) as session:
            session.execute(statement)
    after = (ORDERS, replace(PAYROLL, own=()))
    with server.login(MASTER, "orders", client_encoding=encoding) as session:
        session.execute(b'CREATE ROLE "ann\xe9"')  # nor is the name of a role
        try:
            (told,) = (one for one in run(server, *after).findings if "settings" in one)
            assert outstanding(server, *after) == []
        finally:
            session.execute(b'DROP ROLE "ann\xe9"')
    assert told.endswith("""search_path = '"it\\udce9"'""")
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []


def test_as_much_is_read_of_what_is_set_as_is_shown_of_it(server: Postgres):
    run(server, ORDERS)
    for user, what in (("reader", "ROLE reader SET role"), ("owner", "DATABASE orders SET role")):
        long = "repeat('x', 1000000)"
        server.execute(
            f"DO $$BEGIN EXECUTE format('ALTER {what} = %L', {long}); END$$",
            database="orders",
            user=user,
        )
    with server.connect("postgres") as session:
        rows = session.query(SERVER_QUERY, "reading")
    assert sum(len(value) for row in rows for value in row if isinstance(value, str)) < 20_000
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
