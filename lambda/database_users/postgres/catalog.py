"""What is: the server's roles and databases, and one database's objects, as values.

Each catalog is read in one round trip: several queries in one message, whose rows begin with the
name of what they tell.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from database_users.desired import MANAGED
from database_users.postgres.privileges import Acl, Grant, Kind, parse_acl

Row = list[Any]
T = TypeVar("T")
K = TypeVar("K")

SERVER_QUERY = """
SELECT 'server', current_setting('server_version_num')::int / 10000, current_user,
    pg_is_in_recovery();
SELECT 'role', rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication,
    rolbypassrls, rolinherit FROM pg_roles;
SELECT 'membership', r.rolname, m.rolname, g.rolname, admin_option, inherit_option, set_option
    FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
    JOIN pg_roles g ON g.oid = grantor;
SELECT 'database', datname, pg_get_userbyid(datdba), datacl, datallowconn FROM pg_database;
SELECT 'role setting', pg_get_userbyid(setrole), datname, substr(setting, 6)
    FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase,
    unnest(setconfig) setting WHERE setting LIKE 'role=%' AND setrole <> 0;
SELECT 'holding', pg_get_userbyid(refobjid), datname,
    string_agg(DISTINCT classid::regclass::text, ' ') FILTER (WHERE deptype = 'o')
    FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
    WHERE refclassid = 'pg_authid'::regclass GROUP BY refobjid, datname;
SELECT 'session', usename FROM pg_stat_activity
    WHERE usename IS NOT NULL AND pid <> pg_backend_pid() GROUP BY usename
"""

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


@dataclass(frozen=True, slots=True)
class Role:
    """A role and its attributes."""

    name: str
    can_login: bool = False
    superuser: bool = False
    create_role: bool = False
    create_db: bool = False
    replication: bool = False
    bypass_rls: bool = False
    inherits: bool = True


@dataclass(frozen=True, slots=True)
class Membership:
    """`member` is in `role`, as `grantor` granted it."""

    role: str
    member: str
    grantor: str
    admin: bool
    inherit: bool
    set: bool


@dataclass(frozen=True, slots=True)
class ExistingDatabase:
    """A database, and what its access control list gives to others than its owner."""

    name: str
    owner: str
    acl: Acl
    allows_connections: bool = True


@dataclass(frozen=True, slots=True)
class RoleSetting:
    """`login` starts as `role`, in one database or, where that is `None`, in every one."""

    login: str
    database: str | None
    role: str


@dataclass(frozen=True, slots=True)
class Holding:
    """`role` owns something in `database`, or is merely named in its access control lists.

    `owns` are the catalogs that list what it owns.
    """

    role: str
    database: str
    owns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Server:
    """Everything that one connection sees of the whole server."""

    version: int
    master: str
    in_recovery: bool
    roles: dict[str, Role]
    memberships: tuple[Membership, ...]
    databases: dict[str, ExistingDatabase]
    role_settings: tuple[RoleSetting, ...]
    holdings: tuple[Holding, ...]
    sessions: frozenset[str]

    @cached_property
    def grants_by_member(self) -> Mapping[str, tuple[Membership, ...]]:
        """The memberships of each role."""
        return _grouped(self.memberships, lambda membership: membership.member)

    @cached_property
    def grants_of(self) -> Mapping[tuple[str, str], tuple[Membership, ...]]:
        """The memberships of a role in another one, by (role, member)."""
        return _grouped(self.memberships, lambda membership: (membership.role, membership.member))

    @cached_property
    def grants_by_role(self) -> Mapping[str, tuple[Membership, ...]]:
        """The memberships in each role."""
        return _grouped(self.memberships, lambda membership: membership.role)

    @cached_property
    def holdings_by_role(self) -> Mapping[str, tuple[Holding, ...]]:
        """What each role holds, by database."""
        return _grouped(self.holdings, lambda holding: holding.role)

    @cached_property
    def holdings_by_database(self) -> Mapping[str, tuple[Holding, ...]]:
        """What is held in each database."""
        return _grouped(self.holdings, lambda holding: holding.database)

    def catalogs_of(self, database: str) -> frozenset[str]:
        """The catalogs that list what somebody but RDS owns in `database`."""
        if database not in self.databases:
            return CATALOGS
        return frozenset[str]().union(
            *(holding.owns for holding in self.holdings_by_database.get(database, ()))
        )

    @cached_property
    def managed_logins(self) -> frozenset[str]:
        """The login users that an earlier run made or took over.

        The master is no such user, but a member of the role that marks them for having made it.
        """
        marked = frozenset(grant.member for grant in self.grants_by_role.get(MANAGED, ()))
        return marked - {self.master}

    @cached_property
    def acts_as(self) -> frozenset[str]:
        """The roles whose privileges the master has, and that it may set itself to."""
        return frozenset(
            self._reachable(self.master, lambda membership: membership.inherit and membership.set)
        )

    def privileges_of(self, role: str) -> frozenset[str]:
        """The roles whose privileges `role` has, its own among them."""
        return frozenset(self._reachable(role, lambda membership: membership.inherit))

    @cached_property
    def administers(self) -> frozenset[str]:
        """The roles that the master may grant to itself."""
        groups = self._reachable(self.master, lambda _: True)
        return frozenset(
            membership.role
            for group in groups
            for membership in self.grants_by_member.get(group, ())
            if membership.admin
        )

    def members_of(self, role: str) -> frozenset[str]:
        """Everyone in `role`, through any chain: what a `+role` of pg_hba.conf counts."""
        return members(role, ((m.role, m.member) for m in self.memberships))

    def is_administrator(self, role: str) -> bool:
        """Whether `role` may change other roles, or is RDS's administrator through any chain."""
        found = self.roles.get(role)
        return found is not None and (
            found.superuser or found.create_role or role in self._rds_superusers
        )

    @cached_property
    def _rds_superusers(self) -> frozenset[str]:
        return self.members_of("rds_superuser")

    def _reachable(self, start: str, follows: Callable[[Membership], bool]) -> set[str]:
        found = {start}
        todo = [start]
        while todo:
            for membership in self.grants_by_member.get(todo.pop(), ()):
                if membership.role not in found and follows(membership):
                    found.add(membership.role)
                    todo.append(membership.role)
        return found


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Objects of one kind, schema and owner with the same access control list.

    `names` are bare names, save for routines: there each is the server's own quoted signature.
    """

    kind: Kind
    schema: str | None
    owner: str
    acl: Acl
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DefaultPrivileges:
    """What objects that `role` will create grant to others, in `schema` or in every one."""

    role: str
    schema: str | None
    kind: Kind
    acl: Acl


@dataclass(frozen=True, slots=True)
class Contents:
    """One database's objects and default privileges."""

    objects: tuple[ObjectGroup, ...]
    defaults: tuple[DefaultPrivileges, ...] = ()


NEW_DATABASE = Contents(
    (
        ObjectGroup(
            "schema",
            None,
            "pg_database_owner",
            (Grant("", frozenset({"USAGE"}), frozenset(), "pg_database_owner"),),
            ("public",),
        ),
    )
)


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


def server_from_rows(rows: Iterable[Row]) -> Server:
    """What the rows of `SERVER_QUERY` tell."""
    tagged = _tagged(rows)
    ((version, master, in_recovery),) = tagged["server"]
    return Server(
        version=version,
        master=master,
        in_recovery=in_recovery,
        roles={row[0]: Role(*row) for row in tagged["role"]},
        memberships=tuple(Membership(*row) for row in sorted(tagged["membership"])),
        databases={
            name: ExistingDatabase(name, owner, parse_acl(acl, "database", owner), allowed)
            for name, owner, acl, allowed in sorted(tagged["database"], key=lambda row: row[0])
        },
        role_settings=tuple(RoleSetting(*row) for row in tagged["role setting"]),
        holdings=tuple(
            Holding(role, database, frozenset((catalogs or "").split()))
            for role, database, catalogs in sorted(tagged["holding"], key=lambda row: row[:2])
        ),
        sessions=frozenset(name for (name,) in tagged["session"]),
    )


# PostgreSQL manual, "pg_default_acl", column defaclobjtype.
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
    tagged = _tagged(rows)
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


def members(role: str, edges: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Everyone in `role`, directly or through others, by (role, member) pairs."""
    direct: defaultdict[str, list[str]] = defaultdict(list)
    for group, member in edges:
        direct[group].append(member)
    found: set[str] = set()
    todo = [role]
    while todo:
        for member in direct[todo.pop()]:
            if member not in found:
                found.add(member)
                todo.append(member)
    return frozenset(found)


def _tagged(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    tagged: defaultdict[str, list[Row]] = defaultdict(list)
    for tag, *values in rows:
        tagged[tag].append(values)
    return tagged


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> Mapping[K, tuple[T, ...]]:
    grouped: defaultdict[K, list[T]] = defaultdict(list)
    for item in items:
        grouped[key(item)].append(item)
    return {name: tuple(found) for name, found in grouped.items()}
