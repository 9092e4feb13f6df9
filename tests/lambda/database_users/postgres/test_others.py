"""What belongs to others stays, and is reported where somebody has to know."""

from dataclasses import replace

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run


def test_roles_and_grants_of_others_stay_and_are_reported(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "CREATE ROLE analyst LOGIN", "GRANT CONNECT ON DATABASE orders TO analyst", user=MASTER
    )
    server.execute(
        "CREATE TABLE item (id int)",
        "GRANT SELECT ON item TO analyst",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO analyst",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON ROUTINES TO analyst",
        database="orders",
        user="owner",
    )
    outcome = run(server, ORDERS)
    assert outcome.statements == 0
    assert outcome.findings == (
        "orders: analyst is not managed here and has CONNECT on the database",
        "orders: analyst is not managed here and keeps privileges on 1 objects",
        "orders: analyst is not managed here and gets privileges on routines, tables that"
        " orders_owner will create",
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
    kept, told = outcome.findings
    assert "2 objects of stranger keep the privileges that they have (held, hidden)" in kept
    assert told == "orders: stranger is not managed here and keeps privileges on 2 objects"


def test_a_database_that_is_somebody_elses_is_told_of(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE near CREATEDB", user=MASTER)
    server.execute("ALTER DATABASE orders OWNER TO near")
    told = (
        "orders: it belongs to near, who is not managed here and may do all with it; orders_owner"
        " takes over what old_owners names"
    )
    for _ in range(2):
        assert told in run(server, ORDERS).findings
    assert outstanding(server, ORDERS) == []
    assert told not in run(server, replace(ORDERS, old_owners=("near",))).findings


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
    # But what comes with a database is one of ours'.
    server.execute("GRANT INSERT ON made.item TO pg_database_owner", database="orders")
    told = "orders: pg_database_owner is not managed here and keeps privileges on 1 objects"
    assert run(server, ORDERS).findings == (told,)


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


def test_the_master_keeps_its_way_in_and_is_not_told_that_it_lost_it(server: Postgres):
    server.execute(
        "CREATE ROLE legacy",
        "GRANT legacy TO administrator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        "CREATE DATABASE orders OWNER legacy",
        "ALTER DATABASE postgres OWNER TO legacy",
    )
    outcome = run(server, ORDERS)
    assert [finding for finding in outcome.findings if "could connect" in finding] == []
    assert outstanding(server, ORDERS) == []
    assert server.query("SELECT has_database_privilege('public', 'postgres', 'CONNECT')") == [
        (False,)
    ]


def test_what_the_master_does_not_own_is_reported(server: Postgres):
    server.execute("ALTER DATABASE postgres OWNER TO rdsadmin")
    outcome = run(server, ORDERS)
    assert outcome.findings == (
        "postgres: everyone (PUBLIC) keeps CONNECT, TEMPORARY on the database; only rdsadmin can"
        " revoke it",
    )


def test_functions_that_do_what_their_owner_may_do_are_told_of(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute(
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
        "CREATE FUNCTION two() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
        "CREATE FUNCTION three() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER FUNCTION one() OWNER TO orders_owner",
        "ALTER FUNCTION two() OWNER TO near",
        database="orders",
    )
    told = "orders: whoever calls one of 1 functions ({}) does what {} may do (SECURITY DEFINER)"
    assert [one for one in run(server, ORDERS).findings if "DEFINER" in one] == [
        told.format("public.two()", "near"),
        told.format("public.one()", "orders_owner"),
    ]
    adopting = replace(ORDERS, old_owners=("near",))
    assert [one for one in run(server, adopting).findings if "DEFINER" in one] == [
        told.format("public.one(), public.two()", "orders_owner").replace(
            "1 functions", "2 functions"
        )
    ]
