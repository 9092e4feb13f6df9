"""Servers that people have lived on: other owners, other roles, grants by hand."""

import time
from collections.abc import Iterable
from dataclasses import replace

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.errors import LockoutError
from database_users.postgres.run import Outcome, converge, survey
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL

# Names that need quoting, and each kind of object.
EVERY_KIND = (
    'CREATE SCHEMA "Weird "" name"',
    'CREATE TABLE "Weird "" name"."Table ""1""" (id int, "a col" text)',
    'CREATE TABLE "Weird "" name".parts (id int) PARTITION BY RANGE (id)',
    'CREATE TABLE "Weird "" name".part_1 PARTITION OF "Weird "" name".parts'
    " FOR VALUES FROM (0) TO (9)",
    'CREATE VIEW "Weird "" name".view AS SELECT 1 AS one',
    'CREATE MATERIALIZED VIEW "Weird "" name".matview AS SELECT 1 AS one',
    'CREATE SEQUENCE "Weird "" name"."Seq"',
    'CREATE FUNCTION "Weird "" name"."F n"(a int, "b c" text DEFAULT \'x\') RETURNS int'
    " LANGUAGE sql AS 'SELECT 1'",
    'CREATE PROCEDURE "Weird "" name".proc(INOUT a int) LANGUAGE plpgsql AS \'BEGIN END\'',
    'CREATE AGGREGATE "Weird "" name".agg(int) (sfunc = int4pl, stype = int)',
    'CREATE TYPE "Weird "" name".mood AS ENUM (\'well\')',
    'CREATE TYPE "Weird "" name".pair AS (a int, b int)',
    'CREATE TYPE "Weird "" name".span AS RANGE (subtype = int)',
    'CREATE DOMAIN "Weird "" name".positive AS int CHECK (VALUE > 0)',
)
READS = (
    'SELECT * FROM "Weird "" name"."Table ""1"""',
    'SELECT * FROM "Weird "" name".parts',
    'SELECT * FROM "Weird "" name".part_1',
    'SELECT * FROM "Weird "" name".view',
    'SELECT * FROM "Weird "" name".matview',
    'SELECT last_value FROM "Weird "" name"."Seq"',
    'SELECT "Weird "" name"."F n"(1)',
    'CALL "Weird "" name".proc(1)',
    'SELECT "Weird "" name".agg(1)',
)
WRITES = (
    'INSERT INTO "Weird "" name"."Table ""1""" VALUES (1)',
    'INSERT INTO "Weird "" name".parts VALUES (1)',
    'TRUNCATE "Weird "" name".parts',
    'SELECT nextval(\'"Weird "" name"."Seq"\')',
)


def run(server: Postgres, *databases: Database) -> Outcome:
    return converge(server.connect, databases, Deadline(time.monotonic() + 60))


def outstanding(server: Postgres, *databases: Database) -> list[str]:
    plan = survey(server.connect, databases, Deadline(time.monotonic() + 60))
    return [statement.sql for statement in plan.statements()]


def refused(server: Postgres, user: str, statements: Iterable[str], database: str = "orders"):
    """Those of `statements` that `user` has no privilege for."""
    found: list[str] = []
    with server.login(user, database) as connection:
        for statement in statements:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                found.append(statement)
    return found


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


def test_adopt_moves_the_objects_of_old_owners_and_nothing_else_of_theirs(server: Postgres):
    server.execute("CREATE ROLE legacy LOGIN", "GRANT legacy TO CURRENT_USER", user=MASTER)
    for name in ("orders", "elsewhere"):
        server.execute(f"CREATE DATABASE {name} OWNER legacy", user=MASTER)
    for name in ("orders", "elsewhere"):
        server.execute("SET ROLE legacy", *EVERY_KIND, database=name)
    run(server, replace(ORDERS, old_owners=("legacy",)))
    assert refused(server, "owner", ['DROP VIEW "Weird "" name".view']) == []
    assert refused(server, "reader", READS) == []
    assert dict(
        server.query(
            "SELECT datname, pg_get_userbyid(datdba) FROM pg_database"
            " WHERE datname IN ('orders', 'elsewhere')"
        )
    ) == {
        "orders": "orders_owner",
        "elsewhere": "legacy",
    }
    assert {
        owner
        for (owner,) in server.query(
            "SELECT tableowner FROM pg_tables WHERE schemaname ~ 'Weird'", "elsewhere"
        )
    } == {"legacy"}
    assert outstanding(server, replace(ORDERS, old_owners=("legacy",))) == []


def test_the_master_can_be_an_old_owner_and_keeps_its_databases(server: Postgres):
    server.execute("CREATE DATABASE orders", user=MASTER)
    server.execute(*EVERY_KIND, database="orders", user=MASTER)
    adopting = replace(ORDERS, old_owners=(MASTER,))
    run(server, adopting)
    assert refused(server, "owner", ['DROP VIEW "Weird "" name".view']) == []
    owners = server.query(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname IN ('postgres', 'template1')"
    )
    assert owners == [(MASTER,), (MASTER,)]
    assert outstanding(server, adopting) == []


def test_roles_of_the_same_names_are_corrected_and_each_correction_is_said(
    server: Postgres, caplog: pytest.LogCaptureFixture
):
    server.execute(
        "CREATE ROLE reader LOGIN CREATEDB PASSWORD 'secret'",
        "CREATE ROLE orders_owner LOGIN PASSWORD 'secret'",
        "CREATE ROLE payroll_reader",
        "GRANT payroll_reader TO reader",
        user=MASTER,
    )
    with caplog.at_level("INFO"):
        run(server, ORDERS, PAYROLL)
    assert "reader existed with CREATEDB, which is taken away" in caplog.text
    assert "reader existed and is taken over: it has no password any more" in caplog.text
    assert "orders_owner existed as a login user" in caplog.text
    assert "reader is no longer granted payroll_reader" in caplog.text
    assert server.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'reader'") == [(None,)]
    server.login("reader", "orders").close()
    with pytest.raises(psycopg.OperationalError):
        server.login("orders_owner", "orders", password="secret")
    assert outstanding(server, ORDERS, PAYROLL) == []


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


def test_roles_and_grants_of_others_stay_and_are_reported(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "CREATE ROLE analyst LOGIN", "GRANT CONNECT ON DATABASE orders TO analyst", user=MASTER
    )
    server.execute(
        "CREATE TABLE item (id int)",
        "GRANT SELECT ON item TO analyst",
        database="orders",
        user="owner",
    )
    outcome = run(server, ORDERS)
    assert outcome.statements == 0
    assert outcome.findings == (
        "orders: analyst is not managed here and keeps privileges on 1 objects",
    )
    assert server.query("SELECT has_table_privilege('analyst', 'item', 'SELECT')", "orders") == [
        (True,)
    ]


def test_objects_out_of_reach_are_reported_and_fail_nothing(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "CREATE ROLE stranger",
        "CREATE SCHEMA hidden AUTHORIZATION stranger",
        "CREATE TABLE public.held (id int)",
        "ALTER TABLE public.held OWNER TO stranger",
        database="orders",
    )
    outcome = run(server, ORDERS)
    assert outcome.statements == 0
    (finding,) = outcome.findings
    assert "2 objects of stranger keep the privileges that they have (held, hidden)" in finding


def test_what_rds_owns_is_left_alone(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE SCHEMA rds_own", "CREATE TABLE rds_own.item (id int)", database="orders")
    outcome = run(server, ORDERS)
    assert (outcome.statements, outcome.findings) == (0, ())


def test_what_an_extension_made_is_left_alone(server: Postgres):
    run(server, ORDERS)
    made = {
        "SCHEMA made": "CREATE SCHEMA made",
        "TABLE made.item": "CREATE TABLE made.item (id int)",
        "FUNCTION made.one()": "CREATE FUNCTION made.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TYPE made.mood": "CREATE TYPE made.mood AS ENUM ('well')",
    }
    server.execute(*made.values(), database="orders", user="owner")
    for thing in made:
        server.execute(f"REVOKE ALL ON {thing} FROM orders_reader", database="orders")
    assert len(outstanding(server, ORDERS)) == len(made)
    for thing in made:
        server.execute(f"ALTER EXTENSION plpgsql ADD {thing}", database="orders")
    outcome = run(server, ORDERS)
    assert (outcome.statements, outcome.findings) == (0, ())


def test_users_who_could_connect_because_everyone_could_are_told_of(server: Postgres):
    server.execute(
        "CREATE ROLE named LOGIN",
        "CREATE ROLE team",
        "CREATE ROLE in_team LOGIN IN ROLE team",
        "CREATE ROLE legacy LOGIN",
        "CREATE ROLE nobody LOGIN",
        "CREATE ROLE rdstopmgr LOGIN",
        "CREATE ROLE group_alone",
        "CREATE DATABASE orders",
        "GRANT CONNECT ON DATABASE orders TO named, team",
        "ALTER DATABASE orders OWNER TO legacy",
        "GRANT legacy TO administrator WITH INHERIT TRUE",
    )
    assert [finding for finding in run(server, ORDERS).findings if "could connect" in finding] == [
        "orders: nobody could connect because everyone could, and no longer can; whoever shall:"
        ' GRANT CONNECT ON DATABASE "orders" TO …',
        "postgres: in_team, legacy, named, nobody could connect because everyone could, and no"
        ' longer can; whoever shall: GRANT CONNECT ON DATABASE "postgres" TO …',
    ]
    assert server.query(
        "SELECT rolname FROM pg_roles WHERE has_database_privilege(rolname, 'orders', 'CONNECT')"
        " AND rolname IN ('named', 'in_team', 'legacy', 'nobody') ORDER BY rolname"
    ) == [("in_team",), ("legacy",), ("named",)]


def test_a_user_that_owns_in_three_databases_is_dropped_and_the_objects_stay(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE DATABASE foreign_one", user=MASTER)
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
    server.execute("CREATE DATABASE owned OWNER owner")
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


def in_iam(server: Postgres) -> set[str]:
    return {
        name
        for (name,) in server.query(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND"
            " NOT rolsuper AND pg_has_role(rolname, 'rds_iam', 'MEMBER')"
        )
    }


@pytest.mark.parametrize(
    "chain", ["GRANT reader TO dba", "GRANT reader TO team; GRANT team TO dba"]
)
def test_no_administrator_gains_rds_iam_through_a_chain(server: Postgres, chain: str):
    server.execute(
        "CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'x'",
        "CREATE ROLE reader LOGIN",
        "CREATE ROLE team",
        *chain.split("; "),
    )
    before = server.query("SELECT * FROM pg_roles")
    with pytest.raises(LockoutError, match="dba is a member of reader"):
        run(server, ORDERS)
    with pytest.raises(LockoutError):
        outstanding(server, ORDERS)
    assert server.query("SELECT * FROM pg_roles") == before
    assert in_iam(server) == {MASTER}


def test_no_password_user_gains_rds_iam_by_having_made_a_login_user(server: Postgres):
    server.execute("CREATE ROLE other_admin LOGIN CREATEROLE PASSWORD 'x'")
    server.execute("SET ROLE other_admin", "CREATE ROLE reader LOGIN")
    server.execute("GRANT reader TO administrator WITH ADMIN OPTION")
    with pytest.raises(LockoutError, match="other_admin is a member of reader"):
        run(server, ORDERS)


def test_an_administrator_is_not_taken_over(server: Postgres):
    server.execute("CREATE ROLE reader LOGIN CREATEROLE")
    with pytest.raises(LockoutError, match="reader exists and is an administrator"):
        run(server, ORDERS)


def test_an_administrator_in_rds_iam_by_a_chain_is_reported(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'x'", "GRANT reader TO dba")
    assert run(server, ORDERS).findings == (
        "dba is in rds_iam by dba > reader > rds_iam: it can log in with a token alone, and its"
        " password is off",
    )


def test_what_the_master_does_not_own_is_reported(server: Postgres):
    server.execute("ALTER DATABASE postgres OWNER TO rdsadmin")
    outcome = run(server, ORDERS)
    assert outcome.findings == (
        "postgres: everyone (PUBLIC) keeps CONNECT, TEMPORARY on the database; only rdsadmin can"
        " revoke it",
    )


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
