"""A server that was there before: nothing is taken from anybody who is not declared."""

import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.errors import LockoutError
from database_users.postgres.catalog.server_rows import empty_server
from database_users.postgres.run import converge, survey
from database_users.postgres.suitability import unlogged, unsuitable
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL

PASSWORD = "a-password"
ACLS = """SELECT datname, pg_get_userbyid(datdba), datacl::text FROM pg_database ORDER BY 1"""
ROLES = """SELECT rolname, rolcanlogin, rolpassword, array(SELECT roleid::regrole::text
    FROM pg_auth_members WHERE member = r.oid ORDER BY 1) FROM pg_authid r ORDER BY 1"""


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 60)


def run(server: Postgres, *databases: Database) -> tuple[str, ...]:
    return converge(server.connect, databases, deadline(), lived_in=True).findings


def findings(server: Postgres, *databases: Database) -> list[str]:
    plan = survey(server.connect, databases, deadline(), lived_in=True)
    return [str(one) for one in plan.findings]


@pytest.fixture
def lived_in(server: Postgres) -> Postgres:
    """An application that owns its database, and one that reads in it because everyone may."""
    server.execute(
        f"CREATE ROLE legacy LOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE reporting LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT legacy, reporting TO {MASTER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        "CREATE DATABASE orders OWNER legacy",
        "CREATE DATABASE untold",
    )
    server.execute(
        "SET ROLE legacy",
        "CREATE TABLE item (id int)",
        "GRANT SELECT, INSERT ON item TO PUBLIC",
        database="orders",
    )
    return server


def inside(server: Postgres, user: str) -> Any:
    return server.login(user, "orders", password=PASSWORD)


def test_who_would_lose_something_is_named_before_anything_is_changed(lived_in: Postgres):
    before = lived_in.query(ACLS), lived_in.query(ROLES)
    with pytest.raises(LockoutError) as error:
        run(lived_in, ORDERS)
    assert str(error.value) == (
        "nothing was changed, as this comes first: orders: reporting may CONNECT, TEMPORARY only"
        ' because everyone may: GRANT CONNECT, TEMPORARY ON DATABASE "orders" TO "reporting", or,'
        ' if they shall not, REVOKE CONNECT, TEMPORARY ON DATABASE "orders" FROM PUBLIC'
    )
    assert (lived_in.query(ACLS), lived_in.query(ROLES)) == before


def test_a_plan_names_the_same_and_what_would_stay(lived_in: Postgres):
    before = lived_in.query(ACLS), lived_in.query(ROLES)
    found = findings(lived_in, ORDERS)
    assert [one for one in found if one.startswith("orders: reporting may ")]
    assert [one for one in found if one.startswith("orders: everyone (PUBLIC) keeps INSERT on 1 t")]
    assert [one for one in found if one.startswith("untold: it is not declared, and everyone")]
    assert (lived_in.query(ACLS), lived_in.query(ROLES)) == before


def test_what_others_have_by_name_is_theirs_after_it_is_taken_over(lived_in: Postgres):
    lived_in.execute("GRANT CONNECT, TEMPORARY ON DATABASE orders TO reporting")
    others = [row for row in lived_in.query(ROLES) if row[0] in ("legacy", "reporting")]
    acls = [row for row in lived_in.query(ACLS) if row[0] != "orders"]
    run(lived_in, ORDERS)
    assert [row for row in lived_in.query(ROLES) if row[0] in ("legacy", "reporting")] == others
    assert [row for row in lived_in.query(ACLS) if row[0] != "orders"] == acls
    with inside(lived_in, "reporting") as session:
        session.execute("INSERT INTO item VALUES (1)")
        session.execute("CREATE TEMPORARY TABLE scratch (id int)")
    with inside(lived_in, "legacy") as session:
        session.execute("ALTER TABLE item ADD COLUMN name text")
    lived_in.login("reader", "orders").close()
    stranger = "CREATE ROLE stranger LOGIN PASSWORD 'a-password'"
    lived_in.execute(stranger)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        inside(lived_in, "stranger")


def test_what_is_declared_to_be_handed_over_is_closed_to_everyone(lived_in: Postgres):
    lived_in.execute("GRANT CONNECT, TEMPORARY ON DATABASE orders TO reporting")
    run(lived_in, replace(ORDERS, old_owners=("legacy",)))
    ((acl,),) = lived_in.query("SELECT relacl::text FROM pg_class WHERE relname = 'item'", "orders")
    assert "{=" not in acl
    assert ",=" not in acl


@pytest.mark.parametrize("name", ["reader", "orders_owner"])
def test_a_role_that_somebody_has_under_the_name_of_ours_is_not_taken_over(
    server: Postgres, name: str
):
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'", user=MASTER)
    before = server.query(ROLES)
    with pytest.raises(LockoutError, match=f"the role {name} was there before, and is somebody's"):
        run(server, ORDERS)
    assert server.query(ROLES) == before


def test_a_second_run_and_a_removal_take_nothing_either(lived_in: Postgres):
    lived_in.execute("GRANT CONNECT, TEMPORARY ON DATABASE orders TO reporting")
    run(lived_in, ORDERS)
    plan = survey(lived_in.connect, (ORDERS,), deadline(), lived_in=True)
    assert [one.sql for one in plan.statements()] == []
    acls = [row for row in lived_in.query(ACLS) if row[0] != "orders"]
    run(lived_in)
    assert [row for row in lived_in.query(ACLS) if row[0] != "orders"] == acls
    with inside(lived_in, "reporting") as session:
        session.execute("SELECT 1")
    assert lived_in.query("SELECT 1 FROM pg_roles WHERE rolname = 'reader'") == []


def test_a_server_that_takes_sessions_without_tls_is_changed_only_once_it_forces_it(
    server: Postgres,
):
    server.execute("ALTER DATABASE postgres SET rds.force_ssl = '0'")
    try:
        with pytest.raises(
            LockoutError, match=r"once every client uses TLS, set rds\.force_ssl to 1"
        ):
            run(server, ORDERS)
        assert any("without TLS" in one for one in findings(server, ORDERS))
    finally:
        server.execute("ALTER DATABASE postgres RESET rds.force_ssl")
    run(server, ORDERS)


def test_a_new_database_has_nothing_of_what_others_left_in_the_template_where_they_are(
    server: Postgres,
):
    run(server, ORDERS)
    made = "CREATE FUNCTION left_here() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1"
    # As on a server that was older than version 15 once.
    server.execute("GRANT CREATE ON SCHEMA public TO PUBLIC", database="template1")
    try:
        with server.login("reader", "template1") as reader:
            reader.execute(made.encode())
            assert [one for one in run(server, ORDERS, PAYROLL) if "left_here" in one] == []
    finally:
        server.execute(
            "DROP FUNCTION IF EXISTS public.left_here",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            database="template1",
        )
    assert server.query("SELECT 1 FROM pg_proc WHERE proname = 'left_here'", "payroll") == []
    plan = survey(server.connect, (ORDERS, PAYROLL), deadline(), lived_in=True)
    assert [*plan.statements()] == []


@pytest.mark.parametrize("inherits", [True, False])
def test_an_administrator_that_cannot_let_others_in_is_told_before_anything_is_changed(
    server: Postgres, *, inherits: bool
):
    server.execute(
        "CREATE ROLE platform LOGIN CREATEROLE CREATEDB",
        "CREATE ROLE administrators",
        "GRANT rds_iam TO platform",
        "GRANT rds_iam TO administrators WITH ADMIN OPTION",
        f"GRANT administrators TO platform WITH INHERIT {inherits}",
    )
    before = server.query(ROLES)

    def connect(database: str):
        return server.connect(database, "platform")

    if inherits:
        converge(connect, (ORDERS,), deadline(), lived_in=True)
        return
    with pytest.raises(LockoutError, match="GRANT rds_iam TO platform WITH ADMIN OPTION"):
        converge(connect, (ORDERS,), deadline(), lived_in=True)
    assert server.query(ROLES) == before


def test_what_has_to_come_first_is_said_with_its_remedy():
    server = empty_server(MASTER, 17)
    weak = replace(server.roles[MASTER], create_role=False, create_db=False)
    found = "; ".join(
        unsuitable(
            replace(
                server,
                roles={**server.roles, MASTER: weak},
                parameters={"rds.force_ssl": "0", "aurora": "aurora_version"},
            ),
            (ORDERS,),
        )
    )
    for says in (
        "set rds.force_ssl to 1",
        "an instance of an Aurora cluster",
        f"ALTER ROLE {MASTER} CREATEROLE",
        f"may not make the missing orders: as RDS's master user, ALTER ROLE {MASTER} CREATEDB",
    ):
        assert says in found
    told = replace(server, parameters={"rds.force_ssl": "1", "aurora": None})
    assert [*unsuitable(told, (ORDERS,))] == []
    clusters = replace(told, parameters={"aurora": "aurora_version"}, by_cluster=True)
    assert [*unsuitable(clusters, (ORDERS,))] == []


def test_what_its_log_does_not_say_is_told():
    settings = {"log_connections": "", "log_disconnections": "off", "log_statement": "all"}
    server = replace(empty_server(MASTER, 18), parameters=settings)
    assert [str(one) for one in unlogged(server)] == [
        "the server's log does not say who logged in: log_connections is empty in its parameter"
        " group",
        "the server's log does not say who left: log_disconnections is off in its parameter group",
    ]
