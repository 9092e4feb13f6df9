"""The declaration beside the server, and what follows from the two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from database_users.desired import MANAGED, RDS_ROLES, Database, Level
from database_users.postgres.catalog import ExistingDatabase, Server
from database_users.postgres.privileges import Acl
from database_users.postgres.sql import boolean, identifier
from database_users.postgres.statements import Statement, Statements


@dataclass(frozen=True)
class Comparison:
    """The declaration beside the server, and what follows from the two."""

    databases: tuple[Database, ...]
    server: Server

    @cached_property
    def logins(self) -> Mapping[str, tuple[Database, Level]]:
        """Each declared login user, with its database and level."""
        return {
            login: (database, level)
            for database in self.databases
            for _, level, logins in database.groups
            for login in logins
        }

    @cached_property
    def groups(self) -> frozenset[str]:
        """The declared group roles."""
        return frozenset(group for database in self.databases for group, _, _ in database.groups)

    @cached_property
    def removed(self) -> tuple[str, ...]:
        """The login users of earlier runs that are declared no more."""
        return tuple(
            sorted(
                login
                for login in self.server.managed_logins - self.logins.keys() - self.groups
                if self.can_remove(login)
            )
        )

    def can_remove(self, login: str) -> bool:
        """Whether `login` is one that the master may drop, and no administrator."""
        return login in self.server.administers and not (
            login == self.server.master or self.server.is_administrator(login)
        )

    @cached_property
    def managed(self) -> frozenset[str]:
        """The roles that hold what the declaration says, and nothing else."""
        return self.groups | self.logins.keys() | set(self.removed) | {MANAGED}

    @cached_property
    def other_users(self) -> Mapping[str, frozenset[str]]:
        """The users that are neither managed here nor RDS's, with the roles that they act as."""
        ours = self.managed | RDS_ROLES
        return {
            role.name: self.server.privileges_of(role.name)
            for role in self.server.roles.values()
            if role.can_login and not role.superuser and role.name not in ours
        }

    @cached_property
    def owners(self) -> frozenset[str]:
        """The declared owner roles."""
        return frozenset(database.owner for database in self.databases)

    @cached_property
    def acts_as(self) -> frozenset[str]:
        """The roles whose privileges the master has once the roles are prepared."""
        return self.server.acts_as | self.owners

    def can_act_as(self, role: str) -> bool:
        """Whether the master has the privileges of `role`, or may grant them to itself."""
        return role in self.acts_as or role in self.server.administers

    @cached_property
    def strays(self) -> frozenset[str]:
        """The managed roles that must own nothing."""
        return self.managed - self.owners - set(self.removed)

    def acting_as(self, roles: Iterable[str], database: str, statements: Statements) -> Statements:
        """`statements`, with the master a member of `roles` while their transaction lasts."""
        # In the same order everywhere, or two transactions could deadlock.
        borrowed = sorted(set(roles) - self.acts_as)
        if not statements:
            return ()
        return (
            *(
                Statement(
                    database,
                    f"GRANT {identifier(role)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                    f"{database}: the master acts for {role} in this transaction",
                )
                for role in borrowed
            ),
            *self._with_roles(database, statements),
            *(
                Statement(
                    database,
                    self._given_back(role),
                    f"{database}: the master acts for {role} no more",
                )
                for role in borrowed
            ),
        )

    def _with_roles(self, database: str, statements: Statements) -> Iterator[Statement]:
        last = ""
        for role, consecutive in groupby(statements, lambda statement: statement.role):
            if role != last:
                yield _as_role(role, database)
            yield from consecutive
            last = role
        if last:
            yield _as_role("", database)

    def grants_as(self, owner: str, acl: Acl) -> str:
        """The role to run a statement on privileges as, that is to be `owner`'s.

        A member of the owner grants and revokes for whichever of its roles has the grant option,
        and that is not always the owner (PostgreSQL manual, "GRANT", notes).
        """
        ambiguous = any(grant.grantable for grant in acl)
        return owner if ambiguous and owner != self.server.master else ""

    def _given_back(self, role: str) -> str:
        master = self.server.master
        for grant in self.server.grants_of.get((role, master), ()):
            if grant.grantor == master:
                return (
                    f"GRANT {identifier(role)} TO CURRENT_USER"
                    f" WITH INHERIT {boolean(grant.inherit)}, SET {boolean(grant.set)}"
                )
        return f"REVOKE {identifier(role)} FROM CURRENT_USER"

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


def _as_role(role: str, database: str) -> Statement:
    return Statement(
        database,
        f"SET ROLE {identifier(role) if role else 'NONE'}",
        f"{database}: as {role or 'the master again'}",
    )
