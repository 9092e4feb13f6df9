"""Where an event trigger runs a tenant's code as whoever gives a command, the master gives none."""

from dataclasses import replace

import pytest

from rds_login.causes import ServerError
from tests.database_server import MASTER, SUPERUSER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, refused, run

STEALING = """CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN IF current_user = 'administrator' AND to_regrole('stolen') IS NULL
THEN CREATE ROLE stolen; END IF; END $$"""


def watched(server: Postgres, owner: str, event: str, database: str = "orders") -> None:
    """A database with something to do, whose commands run a function of `owner`'s."""
    server.execute(
        STEALING,
        f"ALTER FUNCTION watched() OWNER TO {owner}",
        "CREATE TABLE item (id int)",
        f"ALTER TABLE item OWNER TO {owner}",
        f"GRANT ALL ON item TO {ORDERS.reader}",
        f"CREATE EVENT TRIGGER watch ON {event} EXECUTE FUNCTION watched()",
        database=database,
    )


def is_stolen(server: Postgres) -> bool:
    return server.query("SELECT 1 FROM pg_roles WHERE rolname = 'stolen'") != []


@pytest.mark.first(2)
@pytest.mark.parametrize("event", ["ddl_command_start", "ddl_command_end"])
@pytest.mark.parametrize("owner", ["orders_owner", "near", "far"])
def test_nothing_is_done_where_it_would_run_a_tenants_code(
    server: Postgres, owner: str, event: str
):
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute("CREATE ROLE far")
    watched(server, owner, event)
    said = f"the event trigger watch runs public.watched\\(\\), which {owner} may rewrite"
    with pytest.raises(ServerError, match=said):
        run(server, ORDERS, PAYROLL)
    assert not is_stolen(server)
    server.login("boss", "payroll").close()  # and what is not there is done
    server.execute("ALTER EVENT TRIGGER watch DISABLE", database="orders")
    run(server, ORDERS, PAYROLL)
    assert (refused(server, "reader", ["INSERT INTO item VALUES (1)"]) == []) is (owner == "far")


@pytest.mark.parametrize("owner", [MASTER, SUPERUSER])
def test_an_administrators_code_is_trusted_unless_it_is_given_away(server: Postgres, owner: str):
    run(server, ORDERS)
    watched(server, owner, "ddl_command_end")
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    adopting = replace(ORDERS, old_owners=(owner,))
    if owner == MASTER:
        assert is_stolen(server)
        with pytest.raises(ServerError, match=f"which {owner} may rewrite"):
            run(server, adopting)


def test_a_removed_user_that_holds_something_there_is_not_dropped(server: Postgres):
    run(server, ORDERS, PAYROLL)
    watched(server, "payroll_owner", "sql_drop", "payroll")
    server.execute("GRANT SELECT ON item TO boss", database="payroll")
    findings = run(server, ORDERS).findings
    assert any("payroll: the event trigger watch" in finding for finding in findings)
    assert any("boss is not dropped" in finding for finding in findings)
    assert not is_stolen(server)
    assert outstanding(server, ORDERS) == []
