"""Reads what is in one database."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from database_users.postgres.catalog.contents import Contents, DefaultPrivileges, ObjectGroup
from database_users.postgres.catalog.rows import Row, tagged_rows
from database_users.postgres.privileges import Kind, parse_acl

# Objects made after initdb have an oid of 16384 or more (PostgreSQL source, access/transam.h,
# FirstNormalObjectId); role 10 is the superuser that the server began with, RDS's own: what is its
# is RDS's. Plain scans, joined here and not there: planning joins costs a new session more than
# everything else. pg_depend has an index by what is referred to.
_SCHEMAS = """
SELECT 'schema', oid, pg_get_userbyid(nspowner), nspacl, nspname
    FROM pg_namespace WHERE nspname = 'public' OR oid >= 16384 AND nspowner <> 10"""
_EXTENSIONS = """
SELECT 'extension', objid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'"""
_OBJECTS: Mapping[str, str] = {
    "pg_class": """
SELECT 'relation', oid, relnamespace, pg_get_userbyid(relowner), relacl, relname, relkind
    FROM pg_class
    WHERE oid >= 16384 AND relowner <> 10 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S');
SELECT 'column', attrelid, attacl, attname
    FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL""",
    "pg_proc": """
SELECT 'routine', oid, pronamespace, pg_get_userbyid(proowner), proacl, oid::regprocedure
    FROM pg_proc WHERE oid >= 16384 AND proowner <> 10""",
    "pg_type": """
SELECT 'type', oid, typnamespace, pg_get_userbyid(typowner), typacl, typname
    FROM pg_type WHERE oid >= 16384 AND typowner <> 10 AND (
    typtype IN ('b', 'd', 'e', 'r') AND typcategory <> 'A'
    OR typrelid IN (SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind = 'c'))""",
    "pg_default_acl": """
SELECT 'default', defaclnamespace, pg_get_userbyid(defaclrole), defaclacl, defaclobjtype
    FROM pg_default_acl WHERE defaclrole <> 10""",
}
CATALOGS = frozenset({"pg_namespace", *_OBJECTS})


def contents_query(catalogs: Collection[str] = CATALOGS) -> str:
    """Reads the schemas of a database, and the objects that `catalogs` list.

    Each catalog that need not be read saves a tenth of what a new session costs.
    """
    queries = [_SCHEMAS, *(query for name, query in _OBJECTS.items() if name in catalogs)]
    if any(catalog != "pg_default_acl" for catalog in catalogs):
        queries.append(_EXTENSIONS)
    return ";".join(queries)


_DEFAULT_KINDS: Mapping[str, Kind] = {
    "r": "table",
    "S": "sequence",
    "f": "routine",
    "T": "type",
    "n": "schema",
}


_ORDER: Mapping[Kind, int] = {
    kind: place
    for place, kind in enumerate(("schema", "table", "column", "sequence", "routine", "type"))
}


def contents_from_rows(rows: Iterable[Row]) -> Contents:
    """What the rows of a `contents_query` tell, but for what an extension made: that is its own."""
    tagged = tagged_rows(rows)
    extension = {oid for (oid,) in tagged["extension"]}
    schemas = {oid: name for oid, _, _, name in tagged["schema"] if not name.startswith("pg_")}
    relations: dict[int, tuple[str, str, str | None, str, Kind]] = {
        oid: (schemas[schema], owner, acl, name, "sequence" if letter == "S" else "table")
        for oid, schema, owner, acl, name, letter in tagged["relation"]
        if schema in schemas and oid not in extension
    }
    objects: defaultdict[tuple[Kind, str | None, str, str | None], list[str]] = defaultdict(list)
    for oid, owner, acl, name in tagged["schema"]:
        if oid in schemas and oid not in extension:
            objects["schema", None, owner, acl].append(name)
    for schema, owner, acl, name, kind in relations.values():
        objects[kind, schema, owner, acl].append(name)
    kinds: tuple[Kind, ...] = ("routine", "type")
    for kind in kinds:
        for oid, schema, owner, acl, name in tagged[kind]:
            if schema in schemas and oid not in extension:
                objects[kind, schemas[schema], owner, acl].append(name)
    groups = [
        ObjectGroup(kind, schema, owner, parse_acl(acl, kind, owner), tuple(sorted(names)))
        for (kind, schema, owner, acl), names in objects.items()
    ]
    for oid, acl, column in tagged["column"]:
        if oid in relations:
            schema, owner, _, table, _ = relations[oid]
            grants = parse_acl(acl, "column", owner)
            groups.append(ObjectGroup("column", schema, owner, grants, (table, column)))
    return Contents(
        tuple(sorted(groups, key=lambda group: (_ORDER[group.kind], group.schema, group.names))),
        tuple(
            DefaultPrivileges(role, schemas.get(schema), kind, parse_acl(acl, kind, role))
            for schema, role, acl, letter in tagged["default"]
            if (kind := _DEFAULT_KINDS.get(letter))
        ),
    )
