"""The declaration beside the server, and what follows from the two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from database_users.desired import IAM, RDS_ROLES, Database, Level
from database_users.postgres.catalog.rows import grouped
from database_users.postgres.catalog.server import ExistingDatabase, Server, by_role, members
from database_users.postgres.privileges import PUBLIC


@dataclass(frozen=True)
class Comparison:
    """The declaration beside the server, and what follows from the two."""

    databases: tuple[Database, ...]
    server: Server
    lived_in: bool = False
    """Whether others were there before, and keep what everyone has until it is theirs by name."""

    @cached_property
    def logins(self) -> Mapping[str, tuple[Database, Level]]:
        """Each login user that is to be, with its database and level."""
        declared: dict[str, tuple[Database, Level]] = {
            login: (database, level)
            for database in self.databases
            for _, level, logins in database.groups
            for login in logins
        }
        return {**declared, **self.retiring}

    def logins_of(self, database: Database) -> tuple[str, ...]:
        """The login users that are to be in `database`."""
        return self._logins_by_database.get(database.name, ())

    @cached_property
    def _logins_by_database(self) -> Mapping[str, tuple[str, ...]]:
        return grouped(self.logins, lambda login: self.logins[login][0].name)

    @cached_property
    def retiring(self) -> Mapping[str, tuple[Database, Level]]:
        """The retiring users that may log in, each with the level that it has."""
        return {
            login: (database, level)
            for database in self.databases
            for group, level, _ in database.groups
            for login in database.retiring
            if login in self.server.managed_logins
            and self.server.roles[login].can_login
            and (group, login) in self.server.grants_of
        }

    @cached_property
    def groups(self) -> frozenset[str]:
        """The declared group roles."""
        return frozenset(group for database in self.databases for group, _, _ in database.groups)

    @cached_property
    def removed(self) -> tuple[str, ...]:
        """The login users of earlier runs that are declared no more, and may be dropped."""
        return tuple(login for login in self._undeclared if self._can_change(login))

    @cached_property
    def irremovable(self) -> tuple[str, ...]:
        """The login users of earlier runs that are declared no more, and that stay."""
        return tuple(login for login in self._undeclared if not self._can_change(login))

    @cached_property
    def _undeclared(self) -> list[str]:
        return sorted(self.server.managed_logins - self.logins.keys() - self.groups)

    def _can_change(self, login: str) -> bool:
        return login in self._administers and not self.server.roles[login].superuser

    def made_here(self, role: str) -> bool:
        """Whether `role`, which is declared, is one that an earlier run made or took over."""
        logins = self.server.managed_logins
        grants = self.server.grants_by_role.get(role, ())
        members = {grant.member for grant in grants if grant.set}
        is_group = role in self.groups and not members.isdisjoint({*logins, self.server.master})
        return is_group or role in logins

    def is_trusted(self, role: str) -> bool:
        """Whether `role` is an administrator, and not merely one of ours that somebody made one."""
        return self.server.is_administrator(role) and role not in self.managed

    @cached_property
    def managed(self) -> frozenset[str]:
        """The roles that hold what the declaration says, and nothing else."""
        return self.groups | self.logins.keys() | set(self.removed) | {self.server.mark}

    @cached_property
    def others(self) -> frozenset[str]:
        """The roles that are no master, managed here, RDS's or PostgreSQL's superuser's."""
        ours = self.managed | RDS_ROLES | {self.server.master}
        roles = self.server.roles.values()
        return frozenset(role.name for role in roles if not role.superuser) - ours

    @cached_property
    def other_users(self) -> Mapping[str, frozenset[str]]:
        """The users that are no master, managed here or RDS's, with the roles that they act as.

        Nor are those of other environments, who get into their own databases alone.
        """
        return {
            name: self.server.privileges_of(name)
            for name in self.others - self.server.others_logins
            if self.server.roles[name].can_login
        }

    def wanted_groups(self, member: str) -> Mapping[str, bool]:
        """The roles that `member` is to be in, and whether it inherits their privileges."""
        mark = self.server.mark
        if member in self.logins:
            database, level = self.logins[member]
            return {database.group(level): level != "own", IAM: True, mark: False}
        return {mark: False} if member in self.removed else {}

    @cached_property
    def leaving_groups(self) -> frozenset[str]:
        """The roles of ours that are taken out of a role."""
        return frozenset(
            member
            for member in self.managed
            for grant in self.server.grants_by_member.get(member, ())
            if grant.role not in self.wanted_groups(member) and self.can_act_as(grant.grantor)
        )

    def loses_groups(self, login: str) -> bool:
        """Whether `login` may set itself to less: it, or a role that it may act as, leaves one."""
        leaving = self.leaving_groups
        return bool(leaving) and not leaving.isdisjoint(self.server.acts_for(login))

    def rivals(self, *roles: str) -> Iterator[str]:
        """The users who could change `roles`, or what is theirs, all the time.

        They are these themselves, and ours that may set themselves to them.
        """
        grants = chain.from_iterable(self.server.grants_by_role.get(role, ()) for role in roles)
        members = {grant.member for grant in grants if grant.set}
        yield from sorted({*roles, *(self.managed & members)} - {self.server.master})

    def stays_in(self, member: str, role: str) -> bool:
        """Whether `member` is in `role`, directly or not, and remains so: nobody can revoke it."""
        return member in members(role, self._staying)

    @cached_property
    def _staying(self) -> Mapping[str, Sequence[str]]:
        """The members of each role that remain."""
        return by_role(
            (grant.role, grant.member)
            for grant in self.server.memberships
            if grant.member not in self.managed or not self.can_act_as(grant.grantor)
        )

    @cached_property
    def owners(self) -> frozenset[str]:
        """The declared owner roles."""
        return frozenset(database.owner for database in self.databases)

    @cached_property
    def acts_as(self) -> frozenset[str]:
        """The roles whose privileges the master has once the roles are prepared."""
        return self.acts_as_before | self.owners

    @cached_property
    def acts_as_before(self) -> frozenset[str]:
        """The roles whose privileges the master has already."""
        return self.server.acts_as(self._declared)

    @cached_property
    def _administers(self) -> frozenset[str]:
        return self.server.administers(self._declared)

    @cached_property
    def _declared(self) -> frozenset[str]:
        return self.groups | self.logins.keys()

    def can_act_as(self, role: str) -> bool:
        """Whether the master has the privileges of `role`, or may grant them to itself."""
        return role in self.acts_as or role in self._administers

    def may_enter(self, name: str) -> bool:
        """Whether the master may connect to the database `name`, or can bring that about."""
        existing = self.server.databases.get(name)
        if existing is None or self.can_act_as(existing.owner):
            return True
        roles = {PUBLIC, *self.owners, *self.server.privileges_of(self.server.master)}
        return any("CONNECT" in one.privileges for one in existing.acl if one.grantee in roles)

    @cached_property
    def closed(self) -> frozenset[str]:
        """The databases into which nobody gets because everyone does."""
        if self.lived_in:
            return frozenset(self.declared)
        return frozenset(self.declared) | {"postgres", "template1"}

    @cached_property
    def declared(self) -> Mapping[str, Database]:
        """Each declared database, by name."""
        return {database.name: database for database in self.databases}

    def owner_of(self, name: str) -> str:
        """Who owns the database `name` once the plan has run."""
        existing = self.server.databases.get(name)
        database = self.declared.get(name)
        if existing is None or (database and self.takes_over(database, existing)):
            return database.owner if database else self.server.master
        if existing.owner in self.managed - self.owners:
            return self.server.master
        return existing.owner

    def takes_over(self, database: Database, existing: ExistingDatabase) -> bool:
        """Whether the database itself comes to belong to its owner role."""
        return (
            existing.owner in {database.owner, self.server.master, *database.old_owners}
            or existing.owner in self.managed
        )
