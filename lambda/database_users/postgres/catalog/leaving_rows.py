"""Reads what belongs to the roles that are to own nothing in a database."""

from collections.abc import Collection

from database_users.postgres.sql import literal

# Nobody needs a privilege to make large objects, which are thousands in a second.
MOST_OWNED = 200_000

# What the server itself says an object's name is may not be one that a statement takes: a type's
# is written as SQL would declare a column, and a procedure's leaves the modes of its arguments out.
# A subscription is listed for the whole server and yet lives in one database. What is temporary
# goes with its session, and nobody else finds it by its name.
# PostgreSQL source, commands/event_trigger.c, foreigncmds.c, publicationcmds.c and
# subscriptioncmds.c: what only a superuser may own or hand over.
# What an index, a trigger, a rule or a type of a table calls may run as the table's owner: when it
# is analyzed, or something else is deleted that it refers to (PostgreSQL source, analyze.c,
# ri_triggers.c and rewriteHandler.c). A sequence of a column stays with its table.
_LEAVING = """
SELECT 'owned', pg_get_userbyid(refobjid), i.type, (parse_ident(i.schema))[1],
    CASE WHEN i.type = 'procedure' THEN (SELECT format('%s.%I(%s)', i.schema, proname,
        pg_get_function_identity_arguments(oid)) FROM pg_proc WHERE oid = objid)
    WHEN i.type = 'type' THEN i.schema || '.' || i.name ELSE i.identity END,
    CASE WHEN i.type IN ('event trigger', 'foreign-data wrapper')
        OR (SELECT puballtables OR EXISTS (SELECT FROM pg_publication_namespace n
            WHERE n.pnpubid = p.oid) FROM pg_publication p
            WHERE p.oid = objid AND i.type = 'publication')
        OR (SELECT NOT subpasswordrequired FROM pg_subscription u
            WHERE u.oid = objid AND i.type = 'subscription')
        THEN 'only a superuser may own it' END,
    (SELECT fdwname FROM pg_foreign_server v JOIN pg_foreign_data_wrapper w ON w.oid = v.srvfdw
        WHERE v.oid = objid AND i.type = 'server'),
    CASE WHEN i.type IN ('materialized view', 'subscription')
        OR i.type ~ '(table|sequence)$' AND EXISTS (SELECT FROM pg_class c
        WHERE (c.oid = s.objid OR c.oid IN (SELECT refobjid FROM pg_depend d
            WHERE d.objid = s.objid AND d.classid = 'pg_class'::regclass
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
        AND (relhasrules OR relhastriggers
        OR EXISTS (SELECT FROM pg_index
            WHERE indrelid = c.oid AND (indexprs IS NOT NULL OR indpred IS NOT NULL))
        OR EXISTS (SELECT FROM pg_statistic_ext WHERE stxrelid = c.oid AND stxexprs IS NOT NULL)
        OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND atttypid >= 16384)))
        THEN s.objid END
    FROM (SELECT * FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
        AND pg_get_userbyid(refobjid) IN ({roles})
        AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND NOT (classid = 'pg_largeobject'::regclass AND pg_get_userbyid(refobjid) IN ({keeping}))
        ORDER BY classid = 'pg_largeobject'::regclass LIMIT {most}) s,
    pg_identify_object(classid, objid, objsubid) i WHERE i.type IS NOT NULL
    AND (i.schema ~ '^pg_(toast_)?temp_') IS NOT TRUE
    AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    OR classid = 'pg_subscription'::regclass AND objid IN (SELECT u.oid FROM pg_subscription u
        JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()))
    AND NOT (i.type = 'type' AND current_setting('server_version_num')::int >= 170000
    AND EXISTS (SELECT FROM pg_type t WHERE t.oid = objid AND typtype = 'm'));
SELECT DISTINCT 'mention', pg_get_userbyid(r), pg_get_userbyid(relowner)
    FROM pg_policy, unnest(polroles) r, pg_class c
    WHERE c.oid = polrelid AND pg_get_userbyid(r) IN ({roles});
SELECT DISTINCT 'mention', pg_get_userbyid(s.refobjid), pg_get_userbyid(o.refobjid)
    FROM pg_shdepend s JOIN pg_shdepend o ON (o.dbid, o.classid, o.objid, o.deptype)
        = (s.dbid, s.classid, s.objid, 'o'), pg_identify_object(s.classid, s.objid, 0) i
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'a' AND i.schema ~ '^pg_temp_'
    AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pg_get_userbyid(s.refobjid) IN ({roles})"""


def leaving_query(roles: Collection[str], keeping: Collection[str]) -> str:
    """Reads what belongs to `roles`, and who else has things that name them.

    Large objects of those that are `keeping` theirs are left out.
    """
    return _LEAVING.format(roles=_names(roles), keeping=_names(keeping), most=MOST_OWNED)


def _names(roles: Collection[str]) -> str:
    return ", ".join(map(literal, sorted(roles) or [""]))
