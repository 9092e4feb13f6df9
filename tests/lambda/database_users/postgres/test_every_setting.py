"""No setting that an owner may make keeps the master from its database, or changes what it does."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.database_server import VERSIONS, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
# Of those that a full run tries, what shuts out a master that does nothing about it.
FEW = ("client_encoding", "idle_session_timeout", "local_preload_libraries", "statement_timeout",
       "transaction_timeout", "default_tablespace", "search_path")  # fmt: skip
TEXTS = ("", "none", "nonsense", "SQL_ASCII", "latin1", "orders_owner", "$libdir/x", "0", "C")
WHERE = (
    "ALTER DATABASE orders",
    "ALTER ROLE orders_owner",
    "ALTER ROLE orders_owner IN DATABASE orders",
)


def hostile(server: Postgres) -> Iterator[tuple[str, str]]:
    """Each setting that anybody may set, with its extreme values: PostgreSQL says who may."""
    for name, kind, low, high, values in server.query(
        "SELECT name, vartype, min_val, max_val, enumvals FROM pg_settings"
        " WHERE context <> 'internal' ORDER BY name"
    ):
        if not FULL and name not in FEW:
            continue
        match kind:
            case "bool":
                found = ("on", "off")
            case "enum":
                found = tuple(values)
            case "string":
                found = TEXTS
            case _:
                found = (low, high, "1")
        yield from ((name, value) for value in found)


@pytest.mark.slow
@pytest.mark.parametrize("where", WHERE if FULL else WHERE[:1])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_setting_keeps_a_run_from_its_end(
    servers: dict[int, Postgres], version: int, where: str
):
    server = servers[version]
    server.reset()
    run(server, ORDERS)
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    wrong: list[str] = []
    tried: set[str] = set()
    for name, value in hostile(server):
        setting = f"{where} SET {name} = '{value}'"
        try:
            server.execute(setting, user="owner", database="orders")
        except psycopg.Error:
            continue
        tried.add(name)
        try:
            run(server, ORDERS)
            if left := outstanding(server, ORDERS):
                wrong.append(f"{setting}: {left}")
        except Exception as error:
            wrong.append(f"{setting}: {type(error).__name__}: {error}")
        server.execute(f"{where} RESET ALL")
    print(f"{len(tried)} settings")
    assert len(tried) >= (100 if FULL else 5)
    assert wrong == []
