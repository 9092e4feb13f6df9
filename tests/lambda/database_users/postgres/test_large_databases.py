"""Databases that hold much: a run does it in parts, and takes no more than it needs."""

from database_users.postgres.sql import identifier, identifiers
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run

COLUMNS = ("NULL", "a,b", "{x}", 'q"r', "s't", "back\\slash", "new\nline", "ünï😀", "plain")


def test_what_columns_give_is_taken_back_with_one_statement_for_each_table(server: Postgres):
    run(server, ORDERS)
    columns = ", ".join(f"{identifier(column)} int" for column in COLUMNS)
    server.execute(
        *(f"CREATE TABLE {table} ({columns})" for table in ("one", "two")),
        *(
            f"GRANT UPDATE ({identifiers(*COLUMNS)}) ON {table} TO orders_reader"
            for table in ("one", "two")
        ),
        "REVOKE UPDATE (plain) ON two FROM orders_reader",
        "GRANT SELECT (plain) ON two TO pg_monitor",
        database="orders",
        user=MASTER,
    )
    revoked = [sql for sql in outstanding(server, ORDERS) if sql.startswith("REVOKE UPDATE")]
    assert revoked == [
        f'REVOKE UPDATE ({identifiers(*columns)}) ON TABLE "public"."{table}"'
        ' FROM "orders_reader" CASCADE'
        for table, columns in (("one", COLUMNS), ("two", COLUMNS[:-1]))
    ]
    found = run(server, ORDERS).findings
    assert "orders: pg_monitor is not managed here and keeps privileges on 1 objects" in found
    assert outstanding(server, ORDERS) == []
