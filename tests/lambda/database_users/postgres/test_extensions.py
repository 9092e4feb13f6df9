"""Who makes an extension may add to it what is its own: that is no hiding place."""

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, refused, run

HIDDEN = (
    "CREATE EXTENSION plpgsql",
    "CREATE SCHEMA app",
    "CREATE TABLE app.item (id int)",
    "CREATE FUNCTION app.one() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
    "GRANT CREATE ON SCHEMA app TO PUBLIC",
    "GRANT INSERT ON app.item TO PUBLIC, orders_reader",
    "GRANT SELECT ON app.item TO analyst",
    "REVOKE EXECUTE ON FUNCTION app.one() FROM orders_reader",
    "ALTER EXTENSION plpgsql ADD SCHEMA app",
    "ALTER EXTENSION plpgsql ADD TABLE app.item",
    "ALTER EXTENSION plpgsql ADD FUNCTION app.one()",
)


def test_what_a_tenant_adds_to_its_extension_is_like_all_that_is_its_own(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE analyst", user=MASTER)
    server.execute("DROP EXTENSION plpgsql", database="orders")
    server.execute(*HIDDEN, database="orders", user="owner")
    findings = run(server, ORDERS).findings
    assert findings == (
        "orders: whoever calls one of 1 functions (app.one()) does what orders_owner may do"
        " (SECURITY DEFINER)",
        "orders: analyst is not managed here and keeps privileges on 1 objects",
    )
    tried = ["INSERT INTO app.item VALUES (1)", "CREATE TABLE app.mine ()", "SELECT app.one()"]
    assert refused(server, "reader", tried) == tried[:2]
    assert outstanding(server, ORDERS) == []


def test_an_extension_is_handed_over_in_the_run_that_hands_over_its_owners_database(
    server: Postgres,
):
    run(server, ORDERS, PAYROLL)
    server.execute(
        "DROP EXTENSION plpgsql",
        "GRANT CREATE ON DATABASE orders TO boss",
        "SET ROLE boss",
        "CREATE EXTENSION plpgsql",
        "RESET ROLE",
        "ALTER DATABASE orders OWNER TO boss",
        database="orders",
    )
    run(server, ORDERS, PAYROLL)
    owner = server.query("SELECT extowner::regrole::text FROM pg_extension", "orders")
    assert owner == [("orders_owner",)]
    assert outstanding(server, ORDERS, PAYROLL) == []


def test_an_extension_is_handed_over_in_one_run_and_another_database_of_its_owner_to_the_master(
    server: Postgres,
):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE DATABASE attic OWNER boss")
    server.execute(
        "DROP EXTENSION plpgsql",
        "GRANT CREATE ON DATABASE orders TO boss",
        "SET ROLE boss",
        "CREATE EXTENSION plpgsql",
        database="orders",
    )
    run(server, ORDERS, PAYROLL)
    assert server.query("SELECT extowner::regrole::text FROM pg_extension", "orders") == [
        ("orders_owner",)
    ]
    assert server.query(
        "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'attic'"
    ) == [(MASTER,)]
    assert outstanding(server, ORDERS, PAYROLL) == []


def test_an_owner_role_that_made_an_extension_elsewhere_keeps_its_own_database(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute(
        "DROP EXTENSION plpgsql",
        "GRANT CREATE ON DATABASE orders TO payroll_owner",
        "SET ROLE payroll_owner",
        "CREATE EXTENSION plpgsql",
        database="orders",
    )
    assert run(server, ORDERS, PAYROLL).findings == (
        "orders: 1 objects of payroll_owner are not taken over (extension plpgsql): with an"
        " extension goes all that its owner has in the whole server",
    )
    assert outstanding(server, ORDERS, PAYROLL) == []
    assert server.query(
        "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'payroll'"
    ) == [("payroll_owner",)]
