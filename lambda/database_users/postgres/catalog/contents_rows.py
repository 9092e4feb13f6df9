"""Reads what is in one database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set

from database_users.postgres.catalog.contents import (
    Contents,
    DefaultPrivileges,
    EventTrigger,
    Keeper,
    Mention,
    ObjectGroup,
    Owned,
)
from database_users.postgres.catalog.rows import Row, tagged_rows
from database_users.postgres.privileges import INSIDE_A_DATABASE, Kind, owner_has, parse_acl

# Objects made after initdb have an oid of 16384 or more (PostgreSQL source, access/transam.h,
# FirstNormalObjectId); role 10 is the superuser that the server began with, RDS's own. What is its
# with no list of its own gives nobody more than each object of its kind. Plain scans, joined here
# and not there: planning joins costs a new session more than everything else.
_FIRST_MADE, _SUPERUSER = 16384, 10
# What is asked of every database has no joins and no operators: for the first one, a new session
# reads what a planner may know of it, which takes as long as all the rest. What is no list is
# compared here, and what is long by functions. The server's own schemas are read for their names.
_SCHEMAS = """
SELECT 'schema', oid, pg_get_userbyid(nspowner), nspacl, nspname, nspowner FROM pg_namespace"""
_EXTENSIONS = """
SELECT 'member', classid::regclass::text, objid, refobjid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e';
SELECT 'extension', oid, pg_get_userbyid(extowner) FROM pg_extension"""
MOST_LARGE_OBJECTS = 500_000  # which anybody may make; so many take 80 MiB here
# A catalog that a new database has nothing in has no size either, until it holds something once.
_EMPTY_AT_FIRST = (
    "pg_largeobject_metadata",
    "pg_foreign_server",
    "pg_foreign_data_wrapper",
    "pg_default_acl",
    "pg_event_trigger",
)
_SIZES = ", ".join(f"pg_relation_size('{name}')" for name in _EMPTY_AT_FIRST)
# What is in a schema depends on it, whoever owns it. A session that came in on a reserved
# connection was asked for its roles before it was in any database, and would remember that it is
# not in pg_database_owner (PostgreSQL source, postinit.c and acl.c, roles_is_member_of), which
# keeps one answer: to ask for another role's forgets it.
_IN_USE = f"""
SELECT 'in use', {_SIZES}, EXISTS (SELECT FROM pg_depend
    WHERE oideq(refclassid, 'pg_namespace'::regclass) AND oidge(objid, 16384)),
    pg_has_role('pg_monitor', 'pg_signal_backend', 'USAGE')"""  # noqa: S608
# A procedure's arguments need their modes, or another's may be meant. Arrays of a type, the row
# types of tables and, since PostgreSQL 17, multiranges have no privileges of their own to speak of.
_OBJECTS: Mapping[str, str] = {
    "pg_class": """
SELECT 'object', 'pg_class', CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, oid,
    relnamespace, pg_get_userbyid(relowner), relacl, relname, relowner = 10
    FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S');
SELECT 'columns', attrelid, attacl::text, json_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attrelid >= 16384 AND attacl IS NOT NULL AND NOT attisdropped
    GROUP BY attrelid, attacl::text""",
    "pg_proc": """
SELECT 'object', 'pg_proc', 'routine', oid, pronamespace, pg_get_userbyid(proowner), proacl,
    CASE prokind WHEN 'p' THEN format('%s.%I(%s)', pronamespace::regnamespace, proname,
    pg_get_function_identity_arguments(oid)) ELSE oid::regprocedure::text END, proowner = 10,
    prosecdef FROM pg_proc WHERE oid >= 16384 AND (proowner <> 10 OR proacl IS NOT NULL)""",
    "pg_type": """
SELECT 'object', 'pg_type', 'type', oid, typnamespace, pg_get_userbyid(typowner), typacl, typname,
    typowner = 10, typrelid FROM pg_type
    WHERE oid >= 16384 AND (typowner <> 10 OR typacl IS NOT NULL) AND (
    typtype IN ('b', 'd', 'e', 'r')
    AND (typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc)
    OR typtype = 'm' AND current_setting('server_version_num')::int < 170000
    OR typtype = 'c' AND (typacl IS NOT NULL
    OR typrelid IN (SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind = 'c')))""",
    "pg_largeobject_metadata": f"""
SELECT 'large objects', pg_get_userbyid(lomowner), lomacl::text, lomowner = 10,
    string_agg(oid::text, ' ' ORDER BY oid)
    FROM (SELECT * FROM pg_largeobject_metadata LIMIT {MOST_LARGE_OBJECTS}) most
    GROUP BY lomowner, lomacl::text""",  # noqa: S608
    "pg_foreign_server": """
SELECT 'object', 'pg_foreign_server', 'foreign server', oid, 0, pg_get_userbyid(srvowner), srvacl,
    srvname, srvowner = 10 FROM pg_foreign_server""",
    "pg_foreign_data_wrapper": """
SELECT 'object', 'pg_foreign_data_wrapper', 'foreign-data wrapper', oid, 0,
    pg_get_userbyid(fdwowner), fdwacl, fdwname, fdwowner = 10 FROM pg_foreign_data_wrapper""",
    "pg_language": """
SELECT 'object', 'pg_language', 'language', oid, 0, pg_get_userbyid(lanowner), lanacl, lanname,
    lanowner = 10 FROM pg_language WHERE lanacl IS NOT NULL""",
    "pg_event_trigger": """
SELECT 'event trigger', evtname, evtfoid::regprocedure::text, pg_get_userbyid(proowner)
    FROM pg_event_trigger JOIN pg_proc p ON p.oid = evtfoid WHERE evtenabled <> 'D'""",
    "pg_default_acl": """
SELECT 'default', defaclnamespace, pg_get_userbyid(defaclrole), defaclacl, defaclobjtype
    FROM pg_default_acl""",
}
CATALOGS = frozenset({"pg_namespace", *_OBJECTS})
IN_SCHEMAS = frozenset({"pg_class", "pg_proc", "pg_type"})
_WITHOUT_EXTENSIONS = frozenset({"pg_namespace", "pg_default_acl", "pg_event_trigger"})


def contents_query(catalogs: Set[str] = CATALOGS) -> str:
    """Reads the schemas of a database, the objects that `catalogs` list, and which are in use.

    Each catalog that need not be read saves a fiftieth of what a new session costs.
    """
    extensions = () if catalogs <= _WITHOUT_EXTENSIONS else (_EXTENSIONS,)
    return ";".join((_IN_USE, _SCHEMAS, *_lists(catalogs), *extensions))


def further_query(rows: Iterable[Row], catalogs: Set[str]) -> str:
    """Reads what the rows of a `contents_query` for `catalogs` tell to be there besides, if any."""
    tagged = tagged_rows(rows)
    (*sizes, in_schemas, _) = tagged["in use"][0]
    used = {name for name, size in zip(_EMPTY_AT_FIRST, sizes, strict=True) if size}
    if in_schemas:
        used |= IN_SCHEMAS
    queries = _lists(used - catalogs)
    made = any(oid >= _FIRST_MADE for oid, *_ in tagged["schema"])
    if catalogs <= _WITHOUT_EXTENSIONS and (made or not used <= _WITHOUT_EXTENSIONS):
        queries.append(_EXTENSIONS)
    return ";".join(queries)


def _lists(catalogs: Set[str]) -> list[str]:
    return [query for name, query in _OBJECTS.items() if name in catalogs]


_DEFAULT_KINDS: Mapping[str, Kind] = {
    "r": "table",
    "S": "sequence",
    "f": "routine",
    "T": "type",
    "n": "schema",
    "L": "large object",
}
_ORDER: Mapping[Kind, int] = {kind: place for place, kind in enumerate(INSIDE_A_DATABASE)}
# What objects of one group have in common: kind, schema, owner, access list, keeper, definer, acts.
_Alike = tuple[Kind, str | None, str, str | None, Keeper, bool, bool]
_SERVERS_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
_NOBODYS = ("pg_toast", "pg_temp_")


def contents_from_rows(rows: Iterable[Row], trusted: Callable[[str], bool]) -> Contents:
    """What the rows of a `contents_query`, and of those that followed, tell.

    Who owns an extension can add to it what it owns besides (PostgreSQL manual, "ALTER EXTENSION"):
    what is of one whose owner is not `trusted` is nobody's but its own owner's.
    """
    tagged = tagged_rows(rows)
    extensions = {oid for oid, owner in tagged["extension"] if trusted(owner)}
    members = {(catalog, oid) for catalog, oid, of in tagged["member"] if of in extensions}

    def keeper(catalog: str, oid: int, of_server: bool) -> Keeper:
        return "an extension" if (catalog, oid) in members else "the server" if of_server else ""

    schemas = {oid: name for oid, _, _, name, _ in tagged["schema"]}
    objects: defaultdict[_Alike, list[str]] = defaultdict(list)
    for oid, owner, acl, name, of in tagged["schema"]:
        if name not in _SERVERS_SCHEMAS and not name.startswith("pg_"):
            kept = keeper("pg_namespace", oid, of == _SUPERUSER and name != "public")
            objects["schema", None, owner, acl, kept, False, False].append(name)
    acting = {oid for *_, oid in tagged["owned"] if oid}
    relations: dict[int, tuple[str | None, str, str, Keeper]] = {}
    for catalog, kind, oid, schema, owner, acl, name, of_server, *more in tagged["object"]:
        if schema and (schema not in schemas or schemas[schema].startswith(_NOBODYS)):
            continue
        kept = keeper(catalog, oid, of_server)
        if any(("pg_class", relation) in members for relation in more if catalog == "pg_type"):
            kept = "an extension"
        definer = catalog == "pg_proc" and more == [True]
        # A row's type stays with its table.
        acts = (more[0] if catalog == "pg_type" else oid) in acting
        objects[kind, schemas.get(schema), owner, acl, kept, definer, acts].append(name)
        if catalog == "pg_class":
            relations[oid] = (schemas[schema], owner, name, kept)
    for owner, acl, of_server, names in tagged["large objects"]:
        kept: Keeper = "the server" if of_server else ""
        objects["large object", None, owner, acl, kept, False, False].extend(names.split())
    groups = [
        ObjectGroup(
            kind,
            schema,
            owner,
            parse_acl(acl, kind, owner),
            tuple(sorted(names)),
            kept,
            owner_has=owner_has(acl, owner),
            definer=definer,
            acts=acts,
        )
        for (kind, schema, owner, acl, kept, definer, acts), names in objects.items()
        if acl is not None or not kept or kind == "schema"  # what is in it is looked up there
    ]
    for oid, acl, columns in tagged["columns"]:
        if oid in relations:
            schema, owner, table, kept = relations[oid]
            grants = parse_acl(acl, "column", owner)
            groups.append(
                ObjectGroup(
                    "column",
                    schema,
                    owner,
                    grants,
                    (table,),
                    kept,
                    columns=tuple(columns),
                    acts=oid in acting,
                )
            )
    return Contents(
        tuple(sorted(groups, key=_place)),
        tuple(
            DefaultPrivileges(role, schemas.get(schema), kind, parse_acl(acl, kind, role))
            for schema, role, acl, letter in tagged["default"]
            if (kind := _DEFAULT_KINDS.get(letter)) and (schema == 0 or schema in schemas)
        ),
        tuple(Owned(*row, acts=oid is not None) for *row, oid in tagged["owned"]),
        tuple(Mention(*row) for row in tagged["mention"]),
        tuple(EventTrigger(*row) for row in tagged["event trigger"]),
    )


def _place(group: ObjectGroup) -> tuple[int, str, tuple[str, ...]]:
    return (_ORDER[group.kind], group.schema or "", (*group.names, *group.columns))
