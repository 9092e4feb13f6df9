"""Makes every kind of thing that has an owner or an access control list, on each version.

A thing is made by the superuser that the server began with, which may then hand it to anybody:
what a role could have made by itself, or was given, is the same in the catalog.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# What the catalogs hold of roles beside owners and lists, each with the test that is about it.
ABOUT_ROLES_ALONE = frozenset(
    {
        "pg_auth_members.grantor",  # test_by_hand
        "pg_auth_members.member",
        "pg_auth_members.roleid",
        "pg_db_role_setting.setrole",  # test_by_hand
        "pg_init_privs.initprivs",  # what an extension's script granted: a copy, without effect
    }
)


@dataclass(frozen=True)
class Kind:
    """How a thing is made and named; `columns` are those of the catalogs that tell whose it is.

    In each text `{n}` is the thing's own name, quoted, and `{i}` a number that is its own.
    """

    columns: str
    made: str
    named: str
    privileges: tuple[str, ...] = ()
    owned: bool = True  # whether a statement hands it to somebody else
    needs: tuple[str, ...] = ()


_RELATION = ("SELECT", "INSERT", "UPDATE", "TRUNCATE", "SELECT (id)", "UPDATE (id)")
_TABLE = "pg_class.relowner pg_class.relacl pg_attribute.attacl"
_ROUTINE = "pg_proc.proowner pg_proc.proacl"
_TYPE = "pg_type.typowner pg_type.typacl"
_EXECUTE, _USAGE = ("EXECUTE",), ("USAGE",)
_SQL = "RETURNS int LANGUAGE sql AS 'SELECT 1'"

KINDS: Mapping[str, Kind] = {
    "schema": Kind(
        "pg_namespace.nspowner pg_namespace.nspacl",
        "CREATE SCHEMA {n}",
        "SCHEMA {n}",
        ("USAGE", "CREATE"),
    ),
    "table": Kind(_TABLE, "CREATE TABLE made.{n} (id int, gone int)", "TABLE made.{n}", _RELATION),
    "table without a column": Kind(
        _TABLE,
        "CREATE TABLE made.{n} (id int, gone int);"
        " GRANT SELECT (gone) ON made.{n} TO orders_reader WITH GRANT OPTION;"
        " ALTER TABLE made.{n} DROP COLUMN gone",
        "TABLE made.{n}",
        _RELATION,
    ),
    "table with sequences": Kind(
        _TABLE,
        "CREATE TABLE made.{n} (id serial, other int GENERATED ALWAYS AS IDENTITY)",
        "TABLE made.{n}",
        _RELATION,
    ),
    "table that acts as its owner": Kind(
        _TABLE,
        "CREATE TABLE made.{n} (id serial PRIMARY KEY, of int REFERENCES made.{n});"
        " GRANT USAGE ON TYPE made.{n} TO orders_reader",
        "TABLE made.{n}",
        _RELATION,
    ),
    "partitioned table": Kind(
        _TABLE,
        "CREATE TABLE made.{n} (id int) PARTITION BY RANGE (id)",
        "TABLE made.{n}",
        _RELATION,
    ),
    "view": Kind(_TABLE, "CREATE VIEW made.{n} AS SELECT 1 AS id", "TABLE made.{n}", _RELATION),
    "materialized view": Kind(
        _TABLE, "CREATE MATERIALIZED VIEW made.{n} AS SELECT 1 AS id", "TABLE made.{n}", _RELATION
    ),
    "sequence": Kind(
        _TABLE, "CREATE SEQUENCE made.{n}", "SEQUENCE made.{n}", ("USAGE", "SELECT", "UPDATE")
    ),
    "foreign table": Kind(
        _TABLE,
        "CREATE FOREIGN DATA WRAPPER {n}; CREATE SERVER {n} FOREIGN DATA WRAPPER {n};"
        " CREATE FOREIGN TABLE made.{n} (id int) SERVER {n}",
        "TABLE made.{n}",
        _RELATION,
    ),
    "function": Kind(
        _ROUTINE,
        'CREATE FUNCTION made.{n}("char", bit, char, timestamptz[], VARIADIC text[])' + f" {_SQL}",
        'FUNCTION made.{n}("char", bit, char, timestamptz[], text[])',
        _EXECUTE,
    ),
    "function with defaults": Kind(
        _ROUTINE,
        "CREATE FUNCTION made.{n}(a int, \"b c\" text DEFAULT 'x', OUT int)" + f" {_SQL}",
        "FUNCTION made.{n}(int, text)",
        _EXECUTE,
    ),
    "function of a type named like an array": Kind(
        _ROUTINE,
        'CREATE FUNCTION made.{n}(made."int4[]", made."int4[]"[])' + f" {_SQL}",
        'FUNCTION made.{n}(made."int4[]", made."int4[]"[])',
        _EXECUTE,
    ),
    "procedure": Kind(
        _ROUTINE,
        "CREATE PROCEDURE made.{n}(int, OUT int) LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE PROCEDURE made.{n}(int, int) LANGUAGE plpgsql AS 'BEGIN END'",
        "PROCEDURE made.{n}(IN int, IN int)",
        _EXECUTE,
    ),
    "aggregate": Kind(
        _ROUTINE,
        "CREATE AGGREGATE made.{n}(*) (sfunc = int8inc, stype = int8, initcond = '0')",
        "FUNCTION made.{n}()",
        _EXECUTE,
    ),
    "hypothetical aggregate": Kind(
        _ROUTINE,
        'CREATE AGGREGATE made.{n}(VARIADIC "any" ORDER BY VARIADIC "any") (hypothetical,'
        " sfunc = ordered_set_transition_multi, stype = internal, finalfunc = rank_final)",
        'FUNCTION made.{n}("any")',
        _EXECUTE,
    ),
    "enumeration": Kind(_TYPE, "CREATE TYPE made.{n} AS ENUM ('x')", "TYPE made.{n}", _USAGE),
    "composite type": Kind(_TYPE, "CREATE TYPE made.{n} AS (id int)", "TYPE made.{n}", _USAGE),
    "range": Kind(
        _TYPE,
        "CREATE TYPE made.{n} AS RANGE (subtype = int, multirange_type_name = made.multi_{i})",
        "TYPE made.{n}",
        _USAGE,
    ),
    "domain of an array": Kind(_TYPE, "CREATE DOMAIN made.{n} AS int[]", "DOMAIN made.{n}", _USAGE),
    "row type": Kind(_TYPE, "CREATE TABLE made.{n} (id int)", "TYPE made.{n}", _USAGE, owned=False),
    "large object": Kind(
        "pg_largeobject_metadata.lomowner pg_largeobject_metadata.lomacl",
        "SELECT lo_create({i})",
        "LARGE OBJECT {i}",
        ("SELECT", "UPDATE"),
    ),
    "foreign-data wrapper": Kind(
        "pg_foreign_data_wrapper.fdwowner pg_foreign_data_wrapper.fdwacl",
        "CREATE FOREIGN DATA WRAPPER {n}",
        "FOREIGN DATA WRAPPER {n}",
        _USAGE,
        owned=False,  # a superuser's alone
    ),
    "foreign server": Kind(
        "pg_foreign_server.srvowner pg_foreign_server.srvacl",
        "CREATE SERVER {n} FOREIGN DATA WRAPPER given",
        "FOREIGN SERVER {n}",
        _USAGE,
    ),
    "user mapping": Kind(
        "pg_user_mapping.umuser",
        "CREATE SERVER {n} FOREIGN DATA WRAPPER given; CREATE USER MAPPING FOR reader SERVER {n};"
        " CREATE USER MAPPING FOR near SERVER {n}",
        "FOREIGN SERVER {n}",
        _USAGE,
    ),
    "language": Kind(
        "pg_language.lanowner pg_language.lanacl",
        "CREATE TRUSTED LANGUAGE {n} HANDLER plpgsql_call_handler",
        "LANGUAGE {n}",
        _USAGE,
    ),
    "collation": Kind(
        "pg_collation.collowner", "CREATE COLLATION made.{n} (locale = 'C')", "COLLATION made.{n}"
    ),
    "conversion": Kind(
        "pg_conversion.conowner",
        "CREATE CONVERSION made.{n} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "CONVERSION made.{n}",
    ),
    "event trigger": Kind(
        "pg_event_trigger.evtowner",
        "CREATE FUNCTION made.{n}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER {n} ON sql_drop EXECUTE FUNCTION made.{n}();"
        " ALTER EVENT TRIGGER {n} DISABLE",
        "EVENT TRIGGER {n}",
        owned=False,
    ),
    "extension": Kind(
        "pg_extension.extowner",
        "CREATE EXTENSION plpgsql",
        "EXTENSION plpgsql",
        owned=False,
    ),
    "member of an extension": Kind(
        _TABLE,
        "CREATE TABLE made.{n} (id int); ALTER EXTENSION plpgsql ADD TABLE made.{n}",
        "TABLE made.{n}",
        _RELATION,
    ),
    "operator": Kind(
        "pg_operator.oprowner",
        "CREATE OPERATOR made.<%{operator}> (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int);"
        " CREATE OPERATOR made.<%{operator}> (FUNCTION = int4um, RIGHTARG = int)",
        "OPERATOR made.<%{operator}> (NONE, int)",
    ),
    "operator class": Kind(
        "pg_opclass.opcowner",
        "CREATE OPERATOR CLASS made.{n} FOR TYPE int USING hash AS OPERATOR 1 =",
        "OPERATOR CLASS made.{n} USING hash",
    ),
    "operator family": Kind(
        "pg_opfamily.opfowner",
        "CREATE OPERATOR FAMILY made.{n} USING btree",
        "OPERATOR FAMILY made.{n} USING btree",
    ),
    "publication": Kind("pg_publication.pubowner", "CREATE PUBLICATION {n}", "PUBLICATION {n}"),
    "publication of everything": Kind(
        "pg_publication.pubowner",
        "CREATE PUBLICATION {n} FOR ALL TABLES",
        "PUBLICATION {n}",
        owned=False,
    ),
    "subscription": Kind(
        "pg_subscription.subowner",
        "CREATE SUBSCRIPTION {n} CONNECTION 'dbname=nowhere password=x' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)",
        "SUBSCRIPTION {n}",
    ),
    "statistics": Kind(
        "pg_statistic_ext.stxowner",
        "CREATE TABLE made.{n} (a int, b int); CREATE STATISTICS made.{n} ON a, b FROM made.{n}",
        "STATISTICS made.{n}",
    ),
    "text search dictionary": Kind(
        "pg_ts_dict.dictowner",
        "CREATE TEXT SEARCH DICTIONARY made.{n} (TEMPLATE = simple)",
        "TEXT SEARCH DICTIONARY made.{n}",
    ),
    "text search configuration": Kind(
        "pg_ts_config.cfgowner",
        "CREATE TEXT SEARCH CONFIGURATION made.{n} (COPY = simple)",
        "TEXT SEARCH CONFIGURATION made.{n}",
    ),
    "policy": Kind(
        "pg_policy.polroles",
        "CREATE TABLE made.{n} (id int);"
        " CREATE POLICY {n} ON made.{n} TO reader, near USING (true)",
        "TABLE made.{n}",
        _RELATION,
    ),
    "parameter": Kind(
        "pg_parameter_acl.paracl",
        "SELECT",
        "PARAMETER log_statement",
        ("SET", "ALTER SYSTEM"),
        owned=False,
    ),
    "tablespace": Kind(
        "pg_tablespace.spcowner pg_tablespace.spcacl",
        "SET allow_in_place_tablespaces = on; CREATE TABLESPACE {n} LOCATION ''",
        "TABLESPACE {n}",
        ("CREATE",),
    ),
    "database": Kind(
        "pg_database.datdba pg_database.datacl",
        "CREATE DATABASE {n}",
        "DATABASE {n}",
        ("CONNECT", "CREATE", "TEMPORARY"),
    ),
    "the database": Kind(
        "pg_database.datdba pg_database.datacl",
        "SELECT",
        "DATABASE orders",
        ("CONNECT", "CREATE", "TEMPORARY"),
    ),
    "PostgreSQL's own function": Kind(
        _ROUTINE, "SELECT", "FUNCTION pg_read_file(text)", _EXECUTE, owned=False
    ),
    "PostgreSQL's own table": Kind(
        _TABLE, "SELECT", "TABLE pg_authid", ("SELECT", "SELECT (rolpassword)"), owned=False
    ),
}
# Default privileges are no thing: they are a role's.
DEFAULTS = "pg_default_acl.defaclrole pg_default_acl.defaclacl"
FUTURE = ("TABLES", "SEQUENCES", "ROUTINES", "TYPES", "SCHEMAS")


def known_columns() -> frozenset[str]:
    """The columns of the catalogs that the kinds above, and nothing else, are about."""
    columns = f"{DEFAULTS} " + " ".join(kind.columns for kind in KINDS.values())
    return frozenset(columns.split()) | ABOUT_ROLES_ALONE
