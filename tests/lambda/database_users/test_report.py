"""What is printed of a plan and of a run, whatever names they hold."""

import logging
import time
from dataclasses import replace

import pytest

from database_users.deadline import Deadline
from database_users.errors import LockoutError
from database_users.plan import Finding, Statement
from database_users.postgres.errors import statement_error
from database_users.postgres.run import converge, survey
from database_users.postgres.sql import identifier, literal
from database_users.report import lines, printable_sql
from rds_login.printable import is_shown
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS

# Ends a line and a comment, moves the cursor, turns the direction of writing, hides.
HOSTILE = "a\n-- \"b\x1b[2J\r\u202e\u2066\u200b\u3164\\'\U000e0041"


def is_safe(line: str) -> bool:
    return all(map(is_shown, line))


def test_sql_that_is_printed_means_the_same(server: Postgres):
    with server.superuser() as connection:
        for name in (HOSTILE, "plain", "\\", 'q"\n', "\n'"):
            printed = printable_sql(f"SELECT {literal(name)} AS {identifier(name)}")
            assert is_safe(printed)
            cursor = connection.execute(printed.encode())
            assert cursor.description is not None
            assert (cursor.description[0].name, cursor.fetchone()) == (name, (name,))


def test_no_name_of_a_tenant_breaks_out_of_its_line(
    server: Postgres, caplog: pytest.LogCaptureFixture
):
    deadline = Deadline(time.monotonic() + 60)
    converge(server.connect, (ORDERS,), deadline)
    name, of_owner, domain = (identifier(HOSTILE + end) for end in ("", " owner", " domain"))
    server.execute(
        f"CREATE ROLE {name}",
        f"CREATE ROLE {of_owner}",
        f"GRANT {of_owner} TO {MASTER} WITH ADMIN TRUE",
        f"CREATE SCHEMA {name} AUTHORIZATION {of_owner}",
        f"SET ROLE {of_owner}",
        f"CREATE TABLE {name}.{name} ({name} int)",
        f"CREATE DOMAIN {name}.{domain} AS int",
        f"CREATE FUNCTION {name}.{name}({name}.{domain}) RETURNS int LANGUAGE sql RETURN 1",
        f"GRANT UPDATE ({name}) ON {name}.{name} TO {ORDERS.reader} WITH GRANT OPTION",
        f"GRANT ALL ON {name}.{name} TO {name}, PUBLIC, {ORDERS.reader}",
        database="orders",
    )
    adopting = replace(ORDERS, old_owners=(f"{HOSTILE} owner",))
    plan = survey(server.connect, (adopting,), deadline)
    assert any(" OWNER TO " in statement.sql for statement in plan.statements())
    assert any("\\u202e" in finding.sentence for finding in plan.findings)
    assert [line for line in lines(plan) if not is_safe(line)] == []
    with caplog.at_level(logging.INFO):
        converge(server.connect, (adopting,), deadline)
    logged = [record.getMessage() for record in caplog.records if record.name == "database_users"]
    assert any("\\u202e" in message for message in logged)
    assert [message for message in logged if not is_safe(message)] == []


def test_no_error_carries_what_a_tenant_wrote_as_it_is():
    statement = Statement("orders", "GRANT …", f"orders: {HOSTILE}")
    raised = statement_error(RuntimeError(HOSTILE), statement, HOSTILE, HOSTILE)
    for text in (str(raised), str(LockoutError(HOSTILE)), str(Finding(HOSTILE))):
        assert is_safe(text)
