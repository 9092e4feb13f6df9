"""Reads the server as a whole."""

from collections.abc import Iterable, Iterator
from itertools import chain

from database_users.desired import MANAGED
from database_users.postgres.catalog.rows import Row, tagged_rows
from database_users.postgres.catalog.server import (
    AuditSetting,
    ExistingDatabase,
    Holding,
    MastersSetting,
    Membership,
    Prepared,
    Role,
    RoleSetting,
    Server,
    SharedObject,
)
from database_users.postgres.privileges import owner_has, parse_acl

SETTING_BYTES = 400  # longer than what is compared or shown of a setting

# What is not inside a database has the bytes of the one in which it was made. They may be no text
# in another, and functions of text refuse them.


def _begins(text: str, words: str) -> str:
    return f"substr(textsend({text}), 1, {len(words)}) = '{words}'::bytea"


# A setting may be as long as anybody likes.
_SETTING = f"encode(substr(textsend(setting), 1, {SETTING_BYTES}), 'hex')"
# What there may be thousands of comes as one value, which is parsed at once.
SERVER_QUERY = f"""
SELECT 'server', current_setting('server_version_num')::int / 10000, current_user,
    pg_is_in_recovery();
SELECT 'roles', json_agg(json_build_array(rolname, rolcanlogin, rolsuper, rolcreaterole,
    rolcreatedb, rolreplication, rolbypassrls, rolinherit, rolconnlimit)) FROM pg_roles;
SELECT 'memberships', json_agg(json_build_array(r.rolname, m.rolname, g.rolname, admin_option,
    inherit_option, set_option))
    FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
    JOIN pg_roles g ON g.oid = grantor;
SELECT 'database', datname, pg_get_userbyid(datdba), datacl, datallowconn,
    datconnlimit FROM pg_database;
SELECT 'role setting', pg_get_userbyid(setrole), datname, {_SETTING}
    FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase,
    unnest(setconfig) setting WHERE {_begins("setting", "role=")} AND setrole <> 0;
SELECT 'setting', coalesce(datname, ''), {_SETTING}
    FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase,
    unnest(setconfig) setting WHERE setrole = 0 OR pg_get_userbyid(setrole) = current_user;
SELECT 'audit', CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole)::text END,
    coalesce(datname, ''), {_SETTING}
    FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase,
    unnest(setconfig) setting WHERE {_begins("setting", "log_connections=")}
    OR {_begins("setting", "log_disconnections=")} OR {_begins("setting", "log_statement=")};
SELECT 'holdings', json_agg(json_build_array(pg_get_userbyid(refobjid), coalesce(datname, ''),
    owns, named, of_server)) FROM (SELECT refobjid, datname,
        array_agg(DISTINCT classid::regclass) FILTER (WHERE deptype = 'o') owns,
        array_agg(DISTINCT classid::regclass) FILTER (WHERE deptype <> 'o') named,
        array_agg(DISTINCT classid::regclass) FILTER (WHERE deptype = 'a'
            AND objid < 16384 AND objid <> 2200 AND classid <> 'pg_largeobject'::regclass) of_server
        FROM pg_shdepend LEFT JOIN pg_database d ON d.oid = dbid
        WHERE refclassid = 'pg_authid'::regclass GROUP BY refobjid, datname) held;
SELECT 'holdings', json_agg(json_build_array(pg_get_userbyid(subowner), datname,
    ARRAY['pg_subscription'], NULL, NULL)) FROM pg_subscription JOIN pg_database d
    ON d.oid = subdbid;
SELECT 'shared', 'parameter', parname, pg_get_userbyid(10), paracl FROM pg_parameter_acl;
SELECT 'shared', 'tablespace', spcname, pg_get_userbyid(spcowner), spcacl FROM pg_tablespace
    WHERE spcacl IS NOT NULL OR spcowner <> 10;
SELECT 'note', rolname, shobj_description(oid, 'pg_authid') FROM pg_roles
    WHERE {_begins("rolname::text", MANAGED)};
SELECT 'parameter', name, current_setting(name, true) FROM unnest(ARRAY['rds.force_ssl',
    'log_connections', 'log_disconnections', 'log_statement']) name;
SELECT 'parameter', 'aurora', to_regproc('aurora_version')::text;
SELECT 'prepared', owner, gid, database FROM pg_prepared_xacts;
SELECT 'session', usename, datname FROM pg_stat_activity
    WHERE usename IS NOT NULL AND pid <> pg_backend_pid() GROUP BY usename, datname
"""  # noqa: S608


def server_from_rows(rows: Iterable[Row], mark: str = MANAGED) -> Server:
    """What the rows of `SERVER_QUERY` tell, for whom the role `mark` marks our users."""
    tagged = tagged_rows(rows)
    ((version, master, in_recovery),) = tagged["server"]

    def many(tag: str) -> Iterator[Row]:
        return chain.from_iterable(values or () for (values,) in tagged[tag])

    return Server(
        version=version,
        master=master,
        in_recovery=in_recovery,
        roles={row[0]: Role(*row) for row in many("roles")},
        memberships=tuple(Membership(*row) for row in sorted(many("memberships"))),
        databases={
            name: ExistingDatabase(
                name,
                owner,
                parse_acl(acl, "database", owner),
                allowed,
                limit,
                owner_has(acl, owner),
            )
            for name, owner, acl, allowed, limit in sorted(
                tagged["database"], key=lambda row: row[0]
            )
        },
        role_settings=tuple(
            RoleSetting(role, database, _setting(setting)[1])
            for role, database, setting in tagged["role setting"]
        ),
        holdings=tuple(
            Holding(role, database, *(frozenset(names or ()) for names in catalogs))
            for role, database, *catalogs in sorted(many("holdings"), key=lambda row: row[:2])
        ),
        sessions=frozenset(name for name, _ in tagged["session"]),
        prepared=tuple(Prepared(*row) for row in tagged["prepared"]),
        visits=frozenset((name, database) for name, database in tagged["session"] if database),
        shared=tuple(
            SharedObject(kind, name, owner, parse_acl(acl, kind, owner))
            for kind, name, owner, acl in sorted(tagged["shared"], key=lambda row: row[:2])
        ),
        masters_settings=tuple(
            MastersSetting(database, *_setting(setting))
            for database, setting in sorted(tagged["setting"])
        ),
        audit_settings=tuple(
            AuditSetting(role, database, *_setting(setting))
            for role, database, setting in sorted(tagged["audit"])
        ),
        mark=mark,
        note="".join(text or "" for name, text in tagged["note"] if name == mark),
        parameters=dict(tagged["parameter"]),
    )


def _setting(hexadecimal: str) -> tuple[str, str]:
    """A setting's name and value, in which bytes that are no text stand for themselves."""
    name, _, value = bytes.fromhex(hexadecimal).decode(errors="surrogateescape").partition("=")
    return name, value


def empty_server(master: str, version: int) -> Server:
    """A new instance with nothing in it, to plan for without one."""
    roles = {
        name: Role(name, can_login=login, create_role=login, create_db=login)
        for name, login in ((master, True), ("rds_iam", False), ("rds_superuser", False))
    }
    databases = {
        name: ExistingDatabase(name, master, parse_acl(None, "database", master))
        for name in ("postgres", "template1")
    }
    memberships = (
        Membership("rds_iam", master, "rdsadmin", admin=True, inherit=True, set=True),
        Membership("rds_superuser", master, "rdsadmin", admin=False, inherit=True, set=True),
    )
    return Server(version, master, False, roles, memberships, databases, (), (), frozenset())
