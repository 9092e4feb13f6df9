"""What replication leaves, and labels on roles, keep no user and hold up no run."""

from dataclasses import replace

import psycopg
import pytest

from tests.database_server import VERSIONS, running
from tests.desired import ORDERS
from tests.runs import outstanding, run

REVOKED = replace(ORDERS, read=())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_user_goes_that_replicates_with_its_subscription_label_and_slot(version: int):
    with running(version, wal_level="logical", max_wal_senders="5") as server:
        run(server, ORDERS)
        server.execute(
            "ALTER ROLE reader REPLICATION",
            "SELECT pg_create_logical_replication_slot('left_over', 'pgoutput')",
            "CREATE SUBSCRIPTION theirs CONNECTION 'dbname=nowhere password=x' PUBLICATION p"
            " WITH (connect = false, slot_name = left_over)",
            "ALTER SUBSCRIPTION theirs OWNER TO reader",
            "ALTER SUBSCRIPTION theirs ENABLE",  # its worker begins again and again
            "SET allow_system_table_mods = on",
            "INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, 'any', 'secret'"
            " FROM pg_authid WHERE rolname = 'reader'",
            database="orders",
        )
        with server.login("reader", "orders", replication="database") as sender:
            done = run(server, REVOKED)
            with pytest.raises(psycopg.OperationalError):
                sender.execute("IDENTIFY_SYSTEM")
        assert done.findings == ()
        assert server.query("SELECT FROM pg_roles WHERE rolname = 'reader'") == []
        assert server.query("SELECT FROM pg_shseclabel") == []
        owner = server.query("SELECT subowner::regrole::text FROM pg_subscription", "orders")
        assert owner == [("orders_owner",)]
        assert outstanding(server, REVOKED) == []
        server.execute("ALTER SUBSCRIPTION theirs DISABLE", database="orders")
