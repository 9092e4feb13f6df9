"""The server as a whole: its roles, who is in whom, its databases."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from database_users.desired import IAM, MANAGED
from database_users.postgres.catalog.contents_rows import CATALOGS, IN_SCHEMAS
from database_users.postgres.catalog.rows import grouped
from database_users.postgres.privileges import Acl, Kind


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
    connection_limit: int = -1


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
    """A database, and what its access control list gives to others than its owner.

    What the owner `left_itself` of it is None where that is all.
    """

    name: str
    owner: str
    acl: Acl
    allows_connections: bool = True
    connection_limit: int = -1
    left_itself: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RoleSetting:
    """`login` starts as `role`, in one database or, where that is `None`, in every one."""

    login: str
    database: str | None
    role: str


@dataclass(frozen=True, slots=True)
class MastersSetting:
    """What sessions of the master would start with: all of them, or, if named, in `database`."""

    database: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AuditSetting:
    """What is logged of `role`, or of everyone, in `database`, or in every one."""

    role: str
    database: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Holding:
    """`role` owns something in `database`, or is named in its access control lists.

    `owns` are the catalogs that list what it owns, `named` those whose lists name it, `of_server`
    those of them where the object is PostgreSQL's own. What is not inside a database is held in "".
    """

    role: str
    database: str
    owns: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    of_server: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SharedObject:
    """A parameter or a tablespace: no database has it for itself."""

    kind: Kind
    name: str
    owner: str
    acl: Acl


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transaction `gid` that `owner` has prepared to commit in `database`."""

    owner: str
    gid: str
    database: str


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
    visits: frozenset[tuple[str, str]] = frozenset()  # who has a session in which database
    prepared: tuple[Prepared, ...] = ()
    shared: tuple[SharedObject, ...] = ()
    masters_settings: tuple[MastersSetting, ...] = ()
    audit_settings: tuple[AuditSetting, ...] = ()
    mark: str = MANAGED  # the role whose members are our users
    note: str = ""  # on that role
    parameters: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    by_cluster: bool = False  # reached by the endpoint of an Aurora cluster

    @cached_property
    def grants_by_member(self) -> Mapping[str, tuple[Membership, ...]]:
        """The memberships of each role."""
        return grouped(self.memberships, lambda membership: membership.member)

    @cached_property
    def grants_of(self) -> Mapping[tuple[str, str], tuple[Membership, ...]]:
        """The memberships of a role in another one, by (role, member)."""
        return grouped(self.memberships, lambda membership: (membership.role, membership.member))

    @cached_property
    def grants_by_role(self) -> Mapping[str, tuple[Membership, ...]]:
        """The memberships in each role."""
        return grouped(self.memberships, lambda membership: membership.role)

    @cached_property
    def holdings_by_role(self) -> Mapping[str, tuple[Holding, ...]]:
        """What each role holds, by database."""
        return grouped(self.holdings, lambda holding: holding.role)

    @cached_property
    def holdings_by_database(self) -> Mapping[str, tuple[Holding, ...]]:
        """What is held in each database."""
        return grouped(self.holdings, lambda holding: holding.database)

    @cached_property
    def _settings_by_login(self) -> Mapping[str, tuple[RoleSetting, ...]]:
        return grouped(self.role_settings, lambda setting: setting.login)

    def settings_of(self, login: str) -> tuple[RoleSetting, ...]:
        """What the sessions of `login` start as."""
        return self._settings_by_login.get(login, ())

    def catalogs_of(self, database: str) -> frozenset[str]:
        """The catalogs that list what somebody but RDS owns, or is named for, in `database`.

        Those of what is in schemas are among them all, or none.
        """
        if database not in self.databases:
            return CATALOGS
        held = self.holdings_by_database.get(database, ())
        catalogs = frozenset[str]().union(*(holding.owns | holding.named for holding in held))
        return catalogs | IN_SCHEMAS if catalogs & IN_SCHEMAS else catalogs

    @cached_property
    def managed_logins(self) -> frozenset[str]:
        """The login users that an earlier run made or took over.

        The master is no such user, but a member of the role that marks them for having made it. So
        is an administrator that was the master before, and one that logs in without a token is
        somebody's own.
        """
        return frozenset(
            login
            for login in self._marked(self.mark) - {self.master}
            if not (
                self.is_administrator(login)
                and (self._may_mark(login) or self._logs_in_without_token(login))
            )
        )

    def _may_mark(self, login: str) -> bool:
        return any(grant.admin for grant in self.grants_of.get((self.mark, login), ()))

    def _logs_in_without_token(self, login: str) -> bool:
        return self.roles[login].can_login and (IAM, login) not in self.grants_of

    @cached_property
    def others_logins(self) -> frozenset[str]:
        """The login users that runs for other environments made or took over."""
        marks = {role for role in self.roles if role == MANAGED or role.startswith(f"{MANAGED}_")}
        others = (self._marked(role) for role in marks - {self.mark})
        return frozenset[str]().union(*others) & self.roles.keys() - {self.master}

    def _marked(self, role: str) -> frozenset[str]:
        return frozenset(grant.member for grant in self.grants_by_role.get(role, ()))

    def acts_as(self, ours: Collection[str]) -> frozenset[str]:
        """The roles whose privileges the master has, and that it may set itself to.

        What it is by way of `ours` does not count: they leave what they are not declared to be in.
        """
        return frozenset(
            self._reachable(
                self.master,
                lambda one: one.inherit and one.set and one.member not in ours,
            )
        )

    def privileges_of(self, role: str) -> frozenset[str]:
        """The roles whose privileges `role` has, its own among them."""
        return frozenset(self._reachable(role, lambda membership: membership.inherit))

    def acts_for(self, role: str) -> frozenset[str]:
        """The roles whose privileges `role` has or may take, its own among them."""
        return frozenset(self._reachable(role, lambda one: one.inherit or one.set))

    def administers(self, ours: Collection[str]) -> frozenset[str]:
        """The roles that the master may grant to itself, but for what it is by way of `ours`."""
        groups = self._reachable(self.master, lambda one: one.inherit and one.member not in ours)
        return frozenset(
            membership.role
            for group in groups - set(ours)
            for membership in self.grants_by_member.get(group, ())
            if membership.admin
        )

    def only_for(self, users: Collection[str]) -> frozenset[str]:
        """The roles that `users` can act as, and nobody else but the master."""
        roles = frozenset[str]().union(*map(self.acts_for, users)) - {IAM, self.mark}
        return frozenset(
            role
            for role in roles
            if not self.roles[role].can_login and self.members_of(role) <= {*users, self.master}
        )

    def members_of(self, role: str) -> frozenset[str]:
        """Everyone in `role`, through any chain: what a `+role` of pg_hba.conf counts."""
        return members(role, self._members)

    @cached_property
    def _members(self) -> Mapping[str, Sequence[str]]:
        return by_role((one.role, one.member) for one in self.memberships)

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


def by_role(edges: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """The members of each role, from pairs of a role and a member."""
    direct: defaultdict[str, list[str]] = defaultdict(list)
    for role, member in edges:
        direct[role].append(member)
    return direct


def members(role: str, direct: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Everyone in `role`, directly or through others, by the `direct` members of each role."""
    found: set[str] = set()
    todo = [role]
    while todo:
        for member in direct.get(todo.pop(), ()):
            if member not in found:
                found.add(member)
                todo.append(member)
    return frozenset(found)
