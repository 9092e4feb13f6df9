"""What there is changes while a run is at work: it reads again, goes on, and ends."""

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import cycle, product
from typing import Any

import psycopg
import pytest

from database_users.desired import Database
from database_users.plan import Statements
from database_users.postgres.run import Outcome
from database_users.postgres.session import Session
from database_users.postgres.sql import identifier
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
from tests.every_kind import KINDS, Kind
from tests.runs import outstanding, run, run_through

pytestmark = pytest.mark.slow

TAKEN_OVER = replace(ORDERS, old_owners=("near",))
WITHOUT_READER = replace(ORDERS, read=())


class Meddling:
    """Opens sessions in `database`; before the first statement there, somebody does `deeds`."""

    def __init__(self, server: Postgres, database: str, deeds: Callable[[], None]) -> None:
        self._server = server
        self._database = database
        self._deeds = [deeds]
        self._lock = threading.Lock()

    def connect(self, database: str) -> Session:
        session = self._server.connect(database)
        if database == self._database:
            whole = session.run

            def meddled(statements: Statements, *others: Any) -> None:
                with self._lock:
                    if self._deeds:
                        self._deeds.pop()()
                whole(statements, *others)

            session.run = meddled  # pyright: ignore[reportAttributeAccessIssue]
        return session

    def run(self, *databases: Database) -> Outcome:
        outcome = run_through(self.connect, *databases)
        assert not self._deeds, "nobody meddled"
        return outcome


def done(server: Postgres, statements: Iterable[str]) -> int:
    """How many of `statements`, of which some need not be possible, worked."""
    count = 0
    with server.superuser("orders") as connection:
        for statement in statements:
            with suppress(psycopg.Error):
                connection.execute(statement.encode())
                count += 1
    return count


def things() -> Iterator[tuple[Kind, Mapping[str, Any]]]:
    """One of each kind, with what stands for it in its texts."""
    for number, (word, kind) in enumerate(KINDS.items(), 20000):
        operator = "<" * (number % 9 + 1)
        yield kind, {"n": identifier(word), "i": number, "operator": operator}


def made(server: Postgres, owner: str) -> None:
    """A server with a thing of each kind, of `owner`, with more for readers than they may have."""
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE ROLE near LOGIN", user=MASTER)
    server.execute("CREATE ROLE far LOGIN")
    count = done(
        server,
        (
            f"CREATE SCHEMA made AUTHORIZATION {owner}",
            "CREATE TYPE made.\"int4[]\" AS ENUM ('x')",
            "CREATE FOREIGN DATA WRAPPER given",
            "GRANT USAGE ON FOREIGN DATA WRAPPER given TO PUBLIC",
            *(
                statement
                for kind, written in things()
                for statement in (
                    *kind.made.format(**written).split("; "),
                    f"ALTER {altered(kind, written)} OWNER TO {owner}",
                    f"GRANT ALL ON {kind.named.format(**written)} TO orders_reader",
                    f"GRANT ALL ON {kind.named.format(**written)} TO reader",
                )
            ),
        ),
    )
    assert count > 2 * len(KINDS)


def altered(kind: Kind, written: Mapping[str, Any]) -> str:
    return kind.named.format(**written).replace("FOREIGN SERVER", "SERVER", 1)


def dropped() -> Iterator[str]:
    for kind, written in things():
        if kind.named != "LARGE OBJECT {i}":
            yield f"DROP {altered(kind, written)} CASCADE"
        else:
            yield f"SELECT lo_unlink({written['i']})"


def renamed() -> Iterator[str]:
    for kind, written in things():
        name = written["n"].replace('"', " of another name", 2).strip()
        yield f"ALTER {altered(kind, written)} RENAME TO {identifier(name)}"


def handed_over() -> Iterator[str]:
    for kind, written in things():
        yield f"ALTER {altered(kind, written)} OWNER TO far"


def made_anew() -> Iterator[str]:
    yield from dropped()
    for kind, written in things():
        yield from kind.made.format(**written).split("; ")


def turned_into_something_else() -> Iterator[str]:
    yield from dropped()
    for _, written in things():
        yield f"CREATE VIEW made.{written['n']} AS SELECT 1 AS other"
        yield f"CREATE PROCEDURE made.{written['n']}() LANGUAGE sql AS 'SELECT 1'"


def without_columns() -> Iterator[str]:
    for kind, written in things():
        if kind.named == "TABLE made.{n}":
            yield f"ALTER TABLE made.{written['n']} ADD COLUMN new int, DROP COLUMN id"


def moved() -> Iterator[str]:
    for kind, written in things():
        yield f"ALTER {altered(kind, written)} SET SCHEMA other"


def left_by_a_role_that_goes() -> Iterator[str]:
    yield from handed_over()
    yield "ALTER SCHEMA made OWNER TO far"
    yield "ALTER DATABASE orders OWNER TO orders_owner"
    yield "DROP OWNED BY near CASCADE"
    yield "DROP ROLE near"


CHANGES: Mapping[str, Callable[[], Iterable[str]]] = {
    "is dropped": dropped,
    "is renamed": renamed,
    "is handed over": handed_over,
    "is made anew": made_anew,
    "is another kind of thing": turned_into_something_else,
    "loses its columns": without_columns,
    "is in a schema of another name": lambda: ["ALTER SCHEMA made RENAME TO elsewhere"],
    "is in another schema": lambda: ["CREATE SCHEMA other AUTHORIZATION near", *moved()],
    "was in a schema that is dropped": lambda: ["DROP SCHEMA made CASCADE"],
    "was of a role that is dropped": left_by_a_role_that_goes,
    "was of a role that is renamed": lambda: ["ALTER ROLE near RENAME TO nearer"],
}


# Half of them in a quick run; each in a full one.
CASES = (
    list(product(("near", "reader"), CHANGES))
    if os.environ.get("HYPOTHESIS_PROFILE") == "full"
    else list(zip(cycle(("near", "reader")), CHANGES, strict=False))
)


@pytest.mark.parametrize(("owner", "change"), CASES)
def test_a_thing_of_each_kind_changes_between_reading_and_the_first_statement(
    server: Postgres, owner: str, change: str
):
    made(server, owner)
    declared = TAKEN_OVER if owner == "near" else WITHOUT_READER

    def deeds() -> None:
        assert done(server, CHANGES[change]()) > 0
        if change.startswith("was of a role"):
            assert not server.query("SELECT FROM pg_roles WHERE rolname = 'near'")

    Meddling(server, "orders", deeds).run(declared, PAYROLL)
    assert outstanding(server, declared, PAYROLL) == []


OF_THE_SERVER: Mapping[str, tuple[str, ...]] = {
    "a role that is in a group": ("DROP ROLE near",),
    "a role that is in a group gets another name": ("ALTER ROLE near RENAME TO nearer",),
    "a user that was to be corrected": ("DROP OWNED BY reader", "DROP ROLE reader"),
    "a user that was to be dropped": ("DROP OWNED BY boss", "DROP ROLE boss"),
    "a database that was to be closed": ("DROP DATABASE other",),
    "a database gets another name": ("ALTER DATABASE other RENAME TO another",),
    "a declared database": ("DROP DATABASE orders",),
    "a role that was to be made": (f"SET ROLE {MASTER}", "CREATE ROLE late NOLOGIN"),
}


@pytest.mark.parametrize("gone", OF_THE_SERVER)
def test_a_role_or_a_database_goes_between_reading_and_the_first_statement(
    server: Postgres, gone: str
):
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE ROLE near NOLOGIN", "CREATE DATABASE other", user=MASTER)
    server.execute(
        "GRANT orders_reader TO near",
        "GRANT near TO writer",
        "GRANT CONNECT ON DATABASE other TO orders_reader",
        "ALTER ROLE reader CREATEDB",
        user=MASTER,
    )
    declared = replace(ORDERS, read=("reader", "late")), replace(PAYROLL, own=())

    def deeds() -> None:
        server.execute(*OF_THE_SERVER[gone])

    Meddling(server, "postgres", deeds).run(*declared)
    assert outstanding(server, *declared) == []


@contextmanager
def churning(server: Postgres) -> Generator[list[int]]:
    """Somebody makes tables and drops them, ten a second and more, while the block runs."""
    over, count = threading.Event(), [0]

    def churn() -> None:
        with server.superuser("orders") as connection:
            while not over.wait(0.01):
                name = f'public."of the moment {count[0] % 7}"'
                for statement in (
                    f"SET ROLE near; CREATE TABLE IF NOT EXISTS {name} (id int)",
                    f"GRANT ALL ON {name} TO orders_reader",
                    "SELECT pg_sleep(0.02)",
                    f"RESET ROLE; DROP TABLE {name}",  # somebody may have taken it over
                ):
                    with suppress(psycopg.errors.InternalError_):  # tuple concurrently updated
                        connection.execute(statement.encode())
                count[0] += 1

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        yield count
    finally:
        over.set()
        thread.join()


def test_a_run_ends_well_while_somebody_makes_and_drops_tables(server: Postgres):
    tables = range(0, 1500, 10)
    run(server, ORDERS)
    server.execute("CREATE ROLE near NOLOGIN", user=MASTER)
    server.execute(
        "GRANT CREATE, USAGE ON SCHEMA public TO near",
        "SET ROLE near",
        *(f"CREATE TABLE table_{number} (id int)" for number in tables),
        database="orders",
    )
    declared = ORDERS
    with churning(server) as count:
        for turn in range(400):
            server.execute(
                *(f"REVOKE ALL ON table_{number} FROM orders_reader" for number in tables),
                database="orders",
            )
            declared = TAKEN_OVER if turn > 3 else ORDERS
            run(server, declared)
            if turn > 5 and count[0] > 20:
                break
    assert count[0] > 20
    run(server, declared)
    assert outstanding(server, declared) == []
