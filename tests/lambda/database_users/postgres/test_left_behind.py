"""What a user leaves behind does nothing as its next owner, who may do more."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from database_users.desired import Database
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run

TOLD = """CREATE FUNCTION told() RETURNS int LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.ran VALUES (current_user); RETURN 1; END'"""
CALLED = "LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.told(); END'"
TRAPS: Mapping[str, tuple[str, ...]] = {
    "function": ("CREATE FUNCTION trap() RETURNS int LANGUAGE sql SECURITY DEFINER"
                 " AS 'SELECT public.told()'",),
    "procedure": ("CREATE PROCEDURE run_trap() LANGUAGE plpgsql SECURITY DEFINER"
                  " AS 'BEGIN PERFORM public.told(); END'",),
    "view": ("CREATE VIEW shown AS SELECT * FROM hidden",),
    "rule": ("CREATE TABLE ruled (id int)",
             "CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO hidden VALUES (1)",
             "GRANT INSERT ON ruled TO PUBLIC"),
    "index": ("CREATE TABLE indexed AS SELECT 1 AS id", "CREATE INDEX ON indexed (called(id))"),
    "part of an index": ("CREATE TABLE in_part AS SELECT 1 AS id",
                         "CREATE INDEX ON in_part (id) WHERE called(id) = 1"),
    "statistics": ("CREATE TABLE counted AS SELECT i AS id, i AS more FROM generate_series(1, 9) i",
                   "CREATE STATISTICS counts ON (called(id)), more FROM counted"),
    "trigger": ("CREATE TABLE parent (id int PRIMARY KEY)",
                "CREATE TABLE child (id int REFERENCES parent ON DELETE CASCADE)",
                "INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1)",
                "CREATE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN PERFORM public.told(); RETURN old; END'",
                "CREATE TRIGGER fired BEFORE DELETE ON child FOR EACH ROW"
                " EXECUTE FUNCTION triggered()"),
    "materialized view": ("CREATE MATERIALIZED VIEW kept AS SELECT public.told() AS id",),
    "range": (f"CREATE FUNCTION distance(int, int) RETURNS float8 {CALLED}",
              "CREATE TYPE span AS RANGE (subtype = int, subtype_diff = distance)",
              "CREATE TABLE ranged AS SELECT span(i, i + 2) FROM generate_series(1, 9) i"),
}  # fmt: skip
SPRUNG = ("SELECT trap()", "CALL run_trap()", "SELECT * FROM shown", "INSERT INTO ruled VALUES (1)")
MAINTAINED = ("ANALYZE", "REINDEX TABLE indexed", "REINDEX TABLE in_part", "DELETE FROM parent",
              "REFRESH MATERIALIZED VIEW kept")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("others", replace(ORDERS, write=())),
        ("orders", ORDERS),
        ("orders", replace(ORDERS, write=("other",), retiring=("writer",))),
    ],
)
def test_no_code_of_a_user_runs_as_who_comes_to_own_it(
    server: Postgres, name: str, after: Database
):
    run(server, ORDERS)
    server.execute("CREATE DATABASE others", user=MASTER)
    owner = MASTER if name == "others" else ORDERS.owner
    server.execute(
        "GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC",
        "CREATE TABLE ran (who name)",
        "GRANT INSERT ON ran TO PUBLIC",
        "CREATE TABLE hidden (id int)",
        f"ALTER TABLE hidden OWNER TO {owner}",
        database=name,
    )
    server.execute(
        TOLD,
        f"CREATE FUNCTION called(int) RETURNS int {CALLED}",
        *(statement for trap in TRAPS.values() for statement in trap),
        database=name,
        user="writer",
    )
    server.execute("DELETE FROM ran", database=name)
    findings = run(server, after).findings
    assert outstanding(server, after) == []
    for user, statements in (("reader", SPRUNG), ("rdsadmin", MAINTAINED)):
        with server.login(user, name) as session:
            for statement in statements:
                with suppress(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement.encode())
    assert owner not in {who for (who,) in server.query("SELECT who FROM ran", name)}
    if name == "others":
        assert server.query("SELECT FROM hidden", name) == []
    (told,) = (one for one in findings if "what it runs would run as" in one)
    assert told.startswith(f"{name}: 8 objects of writer are not taken over")
