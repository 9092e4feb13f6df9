"""What the server's own catalogs hold, row by row, before and after."""

import json
from collections.abc import Collection, Iterator, Mapping

import psycopg

Rows = dict[str, frozenset[str]]
"""Each row of each of PostgreSQL's catalogs, as JSON, by the catalog's name."""

# What PostgreSQL counts for itself, vacuums among it; and what no user but a superuser may read.
_COUNTED = (
    "relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid",
    "datfrozenxid", "datminmxid", "relfilenode", "relhastriggers", "relhasindex",
)  # fmt: skip
_CATALOGS = """
SELECT relname FROM pg_class
WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
    AND has_table_privilege(oid, 'SELECT')
"""


def catalog_rows(session: psycopg.Connection) -> Rows:
    """What a login sees of all catalogs, those of its database and those of the server."""
    names = [name for (name,) in session.execute(_CATALOGS)]
    found: Rows = {}
    for name in [*names, "pg_roles"]:
        query = f"SELECT (to_jsonb(c) - %s::text[])::text FROM pg_catalog.{name} c"  # noqa: S608
        found[name] = frozenset(row for (row,) in session.execute(query.encode(), [[*_COUNTED]]))
    return found


Catalogs = Mapping[str, Rows]
"""Those of each database of a server."""

_OF_THE_SERVER = {
    "pg_auth_members",
    "pg_database",
    "pg_db_role_setting",
    "pg_roles",
    "pg_shdepend",
    "pg_shdescription",
}
"""The catalogs that are one for all databases, to which a run adds rows."""


def changed_beside(declared: str, before: Catalogs, after: Catalogs) -> Iterator[str]:
    """Each row that is gone or another, but for those of the database that was declared."""
    [oid] = [
        found["oid"]
        for found in map(json.loads, before["postgres"]["pg_database"])
        if found["datname"] == declared
    ]
    for database in before.keys() - {declared}:
        for catalog, rows in before[database].items():
            now = after[database][catalog]
            more = now - rows if catalog not in _OF_THE_SERVER else ()
            less = [row for row in rows - now if f'"{oid}"' not in row]
            for row in (*more, *less):
                yield f"{database}: {catalog}: {row}"


def changed_beside_a_role(name: str, before: Catalogs, after: Catalogs) -> Iterator[str]:
    """Each row that is gone, and each that is new, but for a new role's, in three others."""
    for database, catalogs in before.items():
        for catalog, rows in catalogs.items():
            more = [json.loads(row) for row in after[database][catalog] - rows]
            match catalog:
                case "pg_roles":
                    expected = [one["rolname"] for one in more] == [name]
                case "pg_auth_members":
                    expected = len(more) == 3 and len({one["member"] for one in more}) == 1
                case _:
                    expected = not more
            gone = rows - after[database][catalog]
            for row in (*gone, *(() if expected else more)):
                yield f"{database}: {catalog}: {row}"


def roles(catalogs: Catalogs) -> Collection[str]:
    """The names of all roles."""
    return {json.loads(row)["rolname"] for row in catalogs["postgres"]["pg_roles"]}
