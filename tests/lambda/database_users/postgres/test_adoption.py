"""Roles and objects that were there before: taken over, corrected, and nothing else of theirs."""

from dataclasses import replace

import psycopg
import pytest

from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.object_kinds import EVERY_KIND, READS
from tests.runs import outstanding, refused, run


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


def test_an_attribute_that_the_master_has_not_is_told_of_and_holds_up_nothing(server: Postgres):
    run(server, ORDERS, PAYROLL)
    server.execute(
        "ALTER ROLE reader CREATEDB BYPASSRLS REPLICATION", "ALTER ROLE orders_owner BYPASSRLS"
    )
    for _ in range(2):
        findings = run(server, ORDERS, PAYROLL).findings
        assert [one for one in findings if "cannot take away" in one] == [
            f"{role} keeps {word}, which administrator has not and so cannot take away: ALTER ROLE"
            f' "{role}" NO{word}'
            for role, word in (
                ("reader", "REPLICATION"),
                ("reader", "BYPASSRLS"),
                ("orders_owner", "BYPASSRLS"),
            )
        ]
        assert outstanding(server, ORDERS, PAYROLL) == []
    server.execute("ALTER ROLE administrator BYPASSRLS REPLICATION")
    try:
        assert outstanding(server, ORDERS, PAYROLL) == [
            'ALTER ROLE "reader" NOREPLICATION NOBYPASSRLS',
            'ALTER ROLE "orders_owner" NOBYPASSRLS',
        ]
        run(server, ORDERS, PAYROLL)
        assert outstanding(server, ORDERS, PAYROLL) == []
    finally:
        server.execute("ALTER ROLE administrator NOBYPASSRLS NOREPLICATION")


@pytest.mark.first(1)
@pytest.mark.parametrize("extension", ["", "plpgsql"], ids=["objects", "extension"])
@pytest.mark.parametrize("role", ["payroll_owner", "boss"])
def test_an_old_owner_that_was_ours_once_loses_nothing_in_another_database(
    server: Postgres, role: str, extension: str
):
    run(server, ORDERS, PAYROLL)
    server.execute(f"CREATE DATABASE attic OWNER {role}")
    for name in ("orders", "payroll"):
        server.execute(
            f"CREATE SCHEMA old AUTHORIZATION {role}",
            "CREATE TABLE old.item (id int)",
            f"ALTER TABLE old.item OWNER TO {role}",
            database=name,
        )
    if extension:
        server.execute(
            f"UPDATE pg_extension SET extowner = '{role}'::regrole WHERE extname = '{extension}'",
            "INSERT INTO pg_shdepend SELECT d.oid, 'pg_extension'::regclass, e.oid, 0,"
            f" 'pg_authid'::regclass, '{role}'::regrole, 'o'"
            " FROM pg_database d, pg_extension e"
            f" WHERE datname = 'orders' AND extname = '{extension}'",
            database="orders",
        )
    adopting = replace(ORDERS, old_owners=(role,))
    findings = run(server, adopting).findings
    assert outstanding(server, adopting) == []
    assert run(server, adopting).findings == findings
    tables = "SELECT tableowner FROM pg_tables WHERE tablename = 'item'"
    assert server.query(tables, "orders") == [("orders_owner",)]
    assert server.query(tables, "payroll") == [("payroll_owner",)]
    assert server.query(
        "SELECT datname, pg_get_userbyid(datdba) FROM pg_database"
        " WHERE datname IN ('payroll', 'attic') ORDER BY 1"
    ) == [("attic", MASTER if role == "boss" else role), ("payroll", "payroll_owner")]
    if extension and role == "payroll_owner":
        assert any("with an extension goes all" in finding for finding in findings)
