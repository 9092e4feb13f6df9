"""How long a first apply of one large database takes, with what memory and transactions."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import Figure, figure
from benchmarks.invocation import invoked
from benchmarks.many import declaration, front_door
from emulator.postgres.server import MASTER, Postgres, running

# Makes many things, with as many locks at a time as a server has.
_REPEATED = """
CREATE PROCEDURE repeated(times int, what text) LANGUAGE plpgsql AS $$ BEGIN
    FOR number IN 1..times LOOP
        EXECUTE replace(what, '{}', number::text);
        IF number % 100 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$"""
_COLUMNS = ", ".join(f"c{number}" for number in range(100))
_OF_COLUMNS = _COLUMNS.replace(",", " int,") + " int"


@dataclass(frozen=True)
class Case:
    """A large database: what it is full of, and whether its owner is an old one."""

    name: str
    made: tuple[str, ...]
    adopted: bool = False


def cases(share: int) -> tuple[Case, ...]:
    """The large databases, with one of `share` things each of what makes them large."""
    tables, adopted, columns, blobs = (
        count // share for count in (50_000, 12_000, 400_000, 200_000)
    )
    wide = columns // 100
    return (
        Case(f"{tables:,} tables", (f"CALL repeated({tables}, 'CREATE TABLE t{{}} (id int)')",)),
        Case(
            f"{adopted:,} tables adopted",
            (f"CALL repeated({adopted}, 'CREATE TABLE t{{}} (id int PRIMARY KEY, word text)')",),
            adopted=True,
        ),
        Case(
            f"{columns:,} grants on columns",
            (
                f"CALL repeated({wide}, 'CREATE TABLE t{{}} ({_OF_COLUMNS})')",
                f"CALL repeated({wide}, 'GRANT UPDATE ({_COLUMNS}) ON t{{}} TO bench_0_reader')",
            ),
        ),
        Case(
            f"{blobs:,} large objects",
            (f"SELECT count(lo_create(0)) FROM generate_series(1, {blobs})",),  # noqa: S608
        ),
    )


def large(tell: Callable[[str], object], share: int) -> list[Figure]:
    """The figures of each case, on a server with PostgreSQL's own `max_locks_per_transaction`."""
    figures: list[Figure] = []
    for case in cases(share):
        tell(case.name)
        figures += _measured(case)
    return figures


def _measured(case: Case) -> list[Figure]:
    (database,) = declaration(1)
    if case.adopted:
        database = replace(database, old_owners=("application",))
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18, max_connections="100") as server,
        front_door(server, Path(directory)) as target,
    ):
        server.execute(
            "CREATE ROLE application",
            f"CREATE ROLE {database.reader}",
            f"GRANT application, {database.reader} TO {MASTER} WITH ADMIN OPTION",
        )
        server.execute(f"CREATE DATABASE {database.name}", user=MASTER)
        given = "GRANT CREATE ON SCHEMA public TO application"
        role = "SET ROLE application"
        server.execute(given, _REPEATED, role, *case.made, database=database.name)
        before = _transactions(server)
        first = invoked(target, [database])
        count = _transactions(server) - before - 1
        again = invoked(target, [database])
    return [
        figure(f"{case.name}: first apply", first.seconds, "s"),
        figure(f"{case.name}: transactions", count, ""),
        figure(f"{case.name}: nothing to do", again.seconds, "s"),
        figure(f"{case.name}: peak memory", max(first.mebibytes, again.mebibytes), "MiB", 200),
    ]


def _transactions(server: Postgres) -> int:
    ((number,),) = server.query("SELECT pg_current_xact_id()::text::bigint")
    return number
