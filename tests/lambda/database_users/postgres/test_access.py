"""The access matrix, by real logins."""

import time

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.postgres.run import converge
from tests.database_server import Postgres
from tests.desired import ORDERS, PAYROLL

ACTIONS = {
    "select": "SELECT * FROM app.item",
    "insert": "INSERT INTO app.item VALUES (9)",
    "update": "UPDATE app.item SET id = 8",
    "delete": "DELETE FROM app.item",
    "truncate": "TRUNCATE app.item",
    "sequence": "SELECT nextval('app.counter')",
    "call": "SELECT app.answer()",
    "temporary": "CREATE TEMPORARY TABLE staged AS SELECT * FROM app.item",
    "refresh": "REFRESH MATERIALIZED VIEW app.summary",
    "lock": "LOCK TABLE app.item",
    "create": "CREATE TABLE app.more ()",
    "create schema": "CREATE SCHEMA more",
    "create in public": "CREATE TABLE public.more ()",
    "alter": "ALTER TABLE app.item ADD other int",
    "drop": "DROP TABLE app.item CASCADE",
}
READ = {"select", "call"}
WRITE = READ | {"insert", "update", "delete", "truncate", "sequence", "temporary", "lock"}
MAINTAINED = {"refresh"}  # by whom it does not belong to: from PostgreSQL 17 on
OBJECTS = (
    "CREATE SCHEMA app",
    "CREATE TABLE app.item (id int)",
    "CREATE MATERIALIZED VIEW app.summary AS SELECT count(*) FROM app.item",
    "CREATE SEQUENCE app.counter",
    "CREATE FUNCTION app.answer() RETURNS int LANGUAGE sql AS 'SELECT 42'",
)


def may(server: Postgres, user: str, action: str) -> bool:
    with server.login(user, "orders") as connection:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(ACTIONS[action].encode())
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True


def allowed(server: Postgres) -> dict[str, set[str]]:
    maintained: set[str] = MAINTAINED if server.version >= 17 else set()
    return {"reader": READ, "writer": WRITE | maintained, "owner": set(ACTIONS)}


def matrix(server: Postgres) -> dict[str, set[str]]:
    return {
        user: {action for action in ACTIONS if may(server, user, action)}
        for user in ("reader", "writer", "owner")
    }


def test_each_level_may_do_what_it_says_with_what_an_owner_creates_later(server: Postgres):
    converge(server.connect, (ORDERS, PAYROLL), Deadline(time.monotonic() + 60))
    server.execute(*OBJECTS, database="orders", user="owner")
    assert matrix(server) == allowed(server)


def test_each_level_may_do_what_it_says_with_what_existed(server: Postgres):
    server.execute("CREATE DATABASE orders OWNER administrator")
    server.execute(*OBJECTS, database="orders", user="administrator")
    converge(server.connect, (ORDERS, PAYROLL), Deadline(time.monotonic() + 60))
    # What belongs to somebody else stays theirs to alter and to drop.
    owner = set(ACTIONS) - {"alter", "drop"} - (MAINTAINED if server.version < 17 else set())
    assert matrix(server) == allowed(server) | {"owner": owner}


def test_who_writes_tables_maintains_them_where_the_server_knows_how(server: Postgres):
    converge(server.connect, (ORDERS,), Deadline(time.monotonic() + 60))
    server.execute(*OBJECTS, database="orders", user="owner")
    for user in ("reader", "writer"):
        notices: list[str] = []
        with server.login(user, "orders") as connection:
            connection.add_notice_handler(lambda said: notices.append(said.message_primary or ""))  # noqa: B023
            connection.execute("VACUUM app.item")
            connection.execute("ANALYZE app.item")
        refused = [notice for notice in notices if notice.startswith("permission denied to")]
        may_maintain = user == "writer" and server.version >= 17
        assert len(refused) == (0 if may_maintain else 2), notices


def test_a_foreign_table_is_held_like_any_other(server: Postgres):
    converge(server.connect, (ORDERS,), Deadline(time.monotonic() + 60))
    server.execute(
        "CREATE FOREIGN DATA WRAPPER elsewhere",
        "CREATE SERVER shelf FOREIGN DATA WRAPPER elsewhere",
        "GRANT USAGE ON FOREIGN SERVER shelf TO orders_owner",
        "CREATE FOREIGN TABLE existing (id int) SERVER shelf",
        "CREATE FOREIGN TABLE of_another (id int) SERVER shelf",
        database="orders",
    )
    server.execute(
        "CREATE FOREIGN TABLE later (id int) SERVER shelf", database="orders", user="owner"
    )
    server.execute(
        "ALTER FOREIGN TABLE existing OWNER TO orders_owner",
        "ALTER FOREIGN TABLE of_another OWNER TO administrator",
        database="orders",
    )
    converge(server.connect, (ORDERS,), Deadline(time.monotonic() + 60))
    held = server.query(
        "SELECT relname::text, role, has_table_privilege(role, oid, 'SELECT'),"
        " has_table_privilege(role, oid, 'INSERT')"
        " FROM pg_class, unnest(ARRAY['reader', 'writer']) role WHERE relkind = 'f' ORDER BY 1, 2",
        "orders",
    )
    assert held == [
        (table, role, True, role == "writer")
        for table in ("existing", "later", "of_another")
        for role in ("reader", "writer")
    ]


@pytest.mark.parametrize(
    ("user", "database"),
    [("boss", "orders"), ("reader", "payroll"), ("owner", "postgres"), ("writer", "template1")],
)
def test_nobody_enters_a_database_that_is_not_granted(server: Postgres, user: str, database: str):
    converge(server.connect, (ORDERS, PAYROLL), Deadline(time.monotonic() + 60))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        server.login(user, database)


def test_a_removed_user_is_gone_with_its_sessions_and_its_objects_stay(server: Postgres):
    deadline = Deadline(time.monotonic() + 60)
    converge(server.connect, (ORDERS,), deadline)
    server.execute(*OBJECTS, database="orders", user="owner")
    session = server.login("owner", "orders")
    converge(server.connect, (), deadline)
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert server.query("SELECT rolname FROM pg_roles WHERE rolname IN ('owner', 'reader')") == []
    assert server.query("SELECT tableowner FROM pg_tables WHERE schemaname = 'app'", "orders") == [
        ("orders_owner",)
    ]
