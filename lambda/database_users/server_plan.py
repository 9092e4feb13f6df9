"""What to do to the whole server: its roles, memberships and databases.

A plan runs in the order of its fields. Access is closed first and opened last, so that a run that
is cut off leaves nobody with more than before or after, and the next one can finish it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from database_users.catalog import ExistingDatabase, Role, Server
from database_users.desired import MANAGED, RDS_ROLES, Database, Level
from database_users.privileges import NONE, PUBLIC, Acl, Grant
from database_users.sql import identifier, identifiers, literal
from database_users.statements import (
    HOME,
    Statement,
    Statements,
    grantee_name,
    grantee_sql,
    server_wide,
    words,
)

IAM = "rds_iam"
_TERMINATE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = "
CONNECT = frozenset({"CONNECT"})
ALL_ON_DATABASE = frozenset({"CONNECT", "CREATE", "TEMPORARY"})


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """Transactions in their order; the databases' own come between `create` and `open`."""

    close: Statements = ()
    disconnect: Statements = ()
    prepare: Statements = ()
    create: tuple[Statements, ...] = ()
    open: Statements = ()
    remove: tuple[Statements, ...] = ()
    findings: tuple[str, ...] = ()


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
        return self.groups | self.logins.keys() | set(self.removed)

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
        role = ""
        end = Statement(database, "", "")
        for statement in (*statements, end):
            if statement.role != role:
                role = statement.role
                yield Statement(
                    database,
                    f"SET ROLE {identifier(role) if role else 'NONE'}",
                    f"{database}: as {role or 'the master again'}",
                )
            if statement is not end:
                yield statement

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
                    f" WITH INHERIT {_word(grant.inherit)}, SET {_word(grant.set)}"
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


def _word(value: bool) -> str:
    return str(value).upper()


def plan_server(comparison: Comparison) -> ServerPlan:
    """What the server needs besides what is inside its databases."""
    findings: list[str] = []
    return ServerPlan(
        close=(
            *_disabled_logins(comparison),
            *_revoked_memberships(comparison, findings),
            *_closed_databases(comparison, findings),
            *_reset_role_settings(comparison),
        ),
        disconnect=tuple(_ended_sessions(comparison)),
        prepare=(
            *_marker(comparison),
            *_new_logins(comparison),
            *_corrected_logins(comparison),
            *_groups(comparison),
            *_memberships(comparison),
            *_owned_databases(comparison),
        ),
        create=tuple(_created_databases(comparison)),
        open=(*_opened_databases(comparison), *_enabled_logins(comparison)),
        remove=tuple(_dropped_logins(comparison)),
        findings=tuple(findings),
    )


def _disabled_logins(comparison: Comparison) -> Iterator[Statement]:
    for login in comparison.removed:
        if comparison.server.roles[login].can_login:
            yield server_wide(
                f"ALTER ROLE {identifier(login)} NOLOGIN", f"{login} may not log in any more"
            )


def _wanted_groups(comparison: Comparison, member: str) -> Mapping[str, bool]:
    """The roles that `member` is to be in, and whether it has their privileges without asking."""
    if member in comparison.logins:
        database, level = comparison.logins[member]
        group = next(group for group, of, _ in database.groups if of == level)
        return {group: level != "own", IAM: True, MANAGED: False}
    return {MANAGED: False} if member in comparison.removed else {}


def _revoked_memberships(comparison: Comparison, findings: list[str]) -> Iterator[Statement]:
    server = comparison.server
    for member in sorted(comparison.managed):
        wanted = _wanted_groups(comparison, member)
        for grant in server.grants_by_member.get(member, ()):
            excess: list[str] = []
            if grant.role not in wanted:
                excess.append("")
            else:
                if grant.admin:
                    excess.append("ADMIN OPTION FOR")
                if grant.inherit and not wanted[grant.role]:
                    excess.append("INHERIT OPTION FOR")
            for option in excess:
                what = f"the {option.lower()} {grant.role}" if option else grant.role
                if grant.grantor not in comparison.acts_as:
                    findings.append(
                        f"{member} keeps {what}, which {grant.grantor} granted and only"
                        f" {grant.grantor} can revoke"
                    )
                    continue
                yield server_wide(
                    f"REVOKE {f'{option} ' if option else ''}{identifier(grant.role)}"
                    f" FROM {identifier(member)} GRANTED BY {identifier(grant.grantor)} CASCADE",
                    f"{member} is no longer granted {what}",
                )


def _closed_databases(comparison: Comparison, findings: list[str]) -> Iterator[Statement]:
    """Takes CONNECT and the rest from everyone who is not declared to have it."""
    server = comparison.server
    for existing in server.databases.values():
        database = comparison.declared.get(existing.name)
        statements: list[Statement] = []
        for grant in existing.acl:
            excess = grant.privileges - _allowed(comparison, database, existing, grant)
            if not excess or (
                grant.grantor != existing.owner and grant.grantor in comparison.managed
            ):
                continue  # what a managed role passed on goes with its grant option
            name = grantee_name(grant.grantee)
            if not comparison.can_act_as(grant.grantor):
                findings.append(
                    f"{existing.name}: {name} keeps {words(excess)} on the database; only"
                    f" {grant.grantor} can revoke it"
                )
                continue
            statements.append(
                server_wide(
                    f"REVOKE {words(excess)} ON DATABASE {identifier(existing.name)}"
                    f" FROM {grantee_sql(grant.grantee)} CASCADE",
                    f"{existing.name}: {name} no longer has {words(excess)} on the database",
                    comparison.grants_as(grant.grantor, existing.acl),
                )
            )
        if statements and (database or existing.name == HOME):
            findings.extend(_shut_out(comparison, existing))
        # Another grantor's first: the owner's CASCADE may take its grant option.
        statements.sort(key=lambda statement: statement.role in ("", existing.owner))
        roles = {statement.role or existing.owner for statement in statements}
        yield from comparison.acting_as(roles, HOME, tuple(statements))


def _shut_out(comparison: Comparison, existing: ExistingDatabase) -> Iterator[str]:
    """Users that are not managed here and could connect only because everyone could."""
    server = comparison.server
    if "CONNECT" not in _held(existing, PUBLIC):
        return
    admitted = {grant.grantee for grant in existing.acl if "CONNECT" in grant.privileges}
    admitted |= {existing.owner, comparison.owner_of(existing.name)}
    users = [
        role.name
        for role in server.roles.values()
        if role.can_login
        and not role.superuser
        and role.name not in comparison.managed | RDS_ROLES
        and not admitted & server.privileges_of(role.name)
    ]
    if users:
        yield (
            f"{existing.name}: {', '.join(sorted(users))} could connect because everyone could,"
            f" and no longer can; whoever shall: GRANT CONNECT ON DATABASE"
            f" {identifier(existing.name)} TO …"
        )


def _allowed(
    comparison: Comparison, database: Database | None, existing: ExistingDatabase, grant: Grant
) -> frozenset[str]:
    if grant.grantee == PUBLIC:
        closed = database is not None or existing.name in (HOME, "template1")
        return NONE if closed else grant.privileges
    if grant.grantee in comparison.removed:
        return NONE
    if database is None or grant.grantee not in comparison.managed:
        return grant.privileges
    if grant.grantee == database.owner:
        return ALL_ON_DATABASE
    connects = (database.reader, database.writer, *database.own)
    return CONNECT if grant.grantee in connects else NONE


def _reset_role_settings(comparison: Comparison) -> Iterator[Statement]:
    """Nothing but the setting of an `own` login may change the role that a session starts as."""
    for setting in comparison.server.role_settings:
        if setting.login not in comparison.logins:
            continue
        _, level = comparison.logins[setting.login]
        if level == "own" and setting.database is None:
            continue  # set right in _corrected_logins
        where = f" IN DATABASE {identifier(setting.database)}" if setting.database else ""
        yield server_wide(
            f"ALTER ROLE {identifier(setting.login)}{where} RESET role",
            f"{setting.login} does not start as {setting.role} any more"
            + (f" in {setting.database}" if setting.database else ""),
        )


def _ended_sessions(comparison: Comparison) -> Iterator[Statement]:
    """Ends the sessions of users that lose something: a session keeps the role that it has set."""
    server = comparison.server
    losing = {
        login
        for login in comparison.removed
        if server.roles[login].can_login or login in server.sessions
    }
    for login in comparison.logins.keys() & server.sessions:
        group = next(iter(_wanted_groups(comparison, login)))
        others = {grant.role for grant in server.grants_by_member.get(login, ())}
        if others - {group, IAM, MANAGED}:
            losing.add(login)
    for login in sorted(losing):
        yield server_wide(
            _TERMINATE + literal(login),
            f"the sessions of {login} end",
        )


def _marker(comparison: Comparison) -> Iterator[Statement]:
    if MANAGED not in comparison.server.roles and comparison.logins:
        yield server_wide(
            f"CREATE ROLE {identifier(MANAGED)} NOLOGIN",
            f"the role {MANAGED}, which may do nothing, marks the login users made here",
        )


def _new_logins(comparison: Comparison) -> Iterator[Statement]:
    """Makes login users that cannot log in yet: they have no password, and no `rds_iam`.

    `own` users first: each statement on a role costs in proportion to the roles that the master
    made before it.
    """
    new = [login for login in comparison.logins if login not in comparison.server.roles]
    for login in new:
        database, level = comparison.logins[login]
        if level == "own":
            yield server_wide(
                f"CREATE ROLE {identifier(login)} LOGIN NOINHERIT", f"the login user {login}"
            )
            yield _starts_as(login, database.owner)
    for login in new:
        if comparison.logins[login][1] != "own":
            yield server_wide(f"CREATE ROLE {identifier(login)} LOGIN", f"the login user {login}")
    unmarked = [
        login for login in comparison.logins if login not in comparison.server.managed_logins
    ]
    if unmarked:
        yield server_wide(
            f"GRANT {identifier(MANAGED)} TO {identifiers(*unmarked)} WITH INHERIT FALSE",
            f"marked as made here: {', '.join(unmarked)}",
        )


def _starts_as(login: str, owner: str) -> Statement:
    return server_wide(
        f"ALTER ROLE {identifier(login)} SET role = {literal(owner)}",
        f"{login} starts as {owner}, so that what it creates belongs to {owner}",
    )


def _corrected_logins(comparison: Comparison) -> Iterator[Statement]:
    server = comparison.server
    starts = {
        setting.login: setting.role for setting in server.role_settings if setting.database is None
    }
    for login, (database, level) in comparison.logins.items():
        role = server.roles.get(login)
        if role is None:
            continue
        yield from _corrected_attributes(role)
        if role.inherits == (level == "own"):
            word = "NOINHERIT" if role.inherits else "INHERIT"
            yield server_wide(
                f"ALTER ROLE {identifier(login)} {word}", f"{login} is {word}, as its level wants"
            )
        if login not in server.managed_logins:
            yield server_wide(
                f"ALTER ROLE {identifier(login)} PASSWORD NULL",
                f"{login} existed and is taken over: it has no password any more",
            )
        if level == "own" and starts.get(login) != database.owner:
            yield _starts_as(login, database.owner)


def _corrected_attributes(role: Role) -> Iterator[Statement]:
    """A superuser, or who may create roles, is an administrator: that is refused before."""
    excess = [
        word
        for has, word in (
            (role.create_db, "CREATEDB"),
            (role.replication, "REPLICATION"),
            (role.bypass_rls, "BYPASSRLS"),
        )
        if has
    ]
    if excess:
        yield server_wide(
            f"ALTER ROLE {identifier(role.name)} {' '.join(f'NO{word}' for word in excess)}",
            f"{role.name} existed with {words(excess)}, which is taken away",
        )


def _groups(comparison: Comparison) -> Iterator[Statement]:
    """The group roles: owners last, since what the master inherits makes each grant slower."""
    roles = comparison.server.roles
    for turn in ("read", "write", "own"):
        for database in comparison.databases:
            for group, level, logins in database.groups:
                if level != turn:
                    continue
                role = roles.get(group)
                if role is None:
                    yield _new_group(group, level, [name for name in logins if name not in roles])
                    continue
                yield from _corrected_attributes(role)
                if role.can_login:
                    yield server_wide(
                        f"ALTER ROLE {identifier(group)} NOLOGIN",
                        f"{group} existed as a login user: it is a group role now and may not"
                        " log in",
                    )


def _new_group(group: str, level: Level, new_logins: Sequence[str]) -> Statement:
    members = list(map(identifier, new_logins))
    if level == "own":
        members.insert(0, "CURRENT_USER")
    with_members = f" ROLE {', '.join(members)}" if members else ""
    return server_wide(
        f"CREATE ROLE {identifier(group)} NOLOGIN{with_members}",
        f"the group role {group}"
        + (f" with its members {', '.join(new_logins)}" if new_logins else ""),
    )


def _memberships(comparison: Comparison) -> Iterator[Statement]:
    """Memberships that no `CREATE ROLE` brings about."""
    server = comparison.server
    for database in comparison.databases:
        for group, level, logins in database.groups:
            inherit = level != "own"
            missing = [
                login
                for login in logins
                if not (group not in server.roles and login not in server.roles)
                and not _is_member(server, login, group, inherit)
            ]
            if missing:
                yield server_wide(
                    f"GRANT {identifier(group)} TO {identifiers(*missing)}"
                    f" WITH INHERIT {_word(inherit)}, SET TRUE",
                    f"{', '.join(missing)} may {level} {database.name}",
                )
        if database.owner in server.roles and not _is_member(
            server, server.master, database.owner, inherit=True
        ):
            yield server_wide(
                f"GRANT {identifier(database.owner)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                f"the master acts for {database.owner}",
            )


def _is_member(server: Server, member: str, group: str, inherit: bool) -> bool:
    found = server.grants_of.get((group, member), ())
    return any(grant.set for grant in found) and (
        not inherit or any(grant.inherit for grant in found)
    )


def _owned_databases(comparison: Comparison) -> Iterator[Statement]:
    for existing in comparison.server.databases.values():
        owner = comparison.owner_of(existing.name)
        if owner != existing.owner and comparison.can_act_as(existing.owner):
            yield from comparison.acting_as(
                [existing.owner],
                HOME,
                (
                    server_wide(
                        f"ALTER DATABASE {identifier(existing.name)} OWNER TO {identifier(owner)}",
                        f"{existing.name}: the database belongs to {owner}, no longer to"
                        f" {existing.owner}",
                    ),
                ),
            )
    for database, existing in _existing(comparison):
        held = _held(existing, database.owner)
        missing = ALL_ON_DATABASE - held
        if comparison.owner_of(database.name) != database.owner and missing:
            yield from _granted(comparison, existing, missing, [database.owner])


def _existing(comparison: Comparison) -> Iterator[tuple[Database, ExistingDatabase]]:
    for database in comparison.databases:
        existing = comparison.server.databases.get(database.name)
        if existing is not None:
            yield database, existing


def _held(existing: ExistingDatabase, grantee: str) -> frozenset[str]:
    return NONE.union(*(grant.privileges for grant in existing.acl if grant.grantee == grantee))


def _granted(
    comparison: Comparison,
    existing: ExistingDatabase,
    privileges: frozenset[str],
    grantees: Sequence[str],
) -> Statements:
    owner = comparison.owner_of(existing.name)
    if not comparison.can_act_as(owner):
        return ()
    return comparison.acting_as(
        [owner],
        HOME,
        (
            server_wide(
                f"GRANT {words(privileges)} ON DATABASE {identifier(existing.name)}"
                f" TO {identifiers(*grantees)}",
                f"{existing.name}: {', '.join(grantees)} now has {words(privileges)} on the"
                " database",
                comparison.grants_as(owner, existing.acl),
            ),
        ),
    )


def _created_databases(comparison: Comparison) -> Iterator[Statements]:
    """Makes each missing database closed to everyone, and opens it only for its own roles."""
    for database in comparison.databases:
        name = identifier(database.name)
        existing = comparison.server.databases.get(database.name)
        if existing is None:
            yield (
                server_wide(
                    f"CREATE DATABASE {name} OWNER {identifier(database.owner)}"
                    " ALLOW_CONNECTIONS false",
                    f"the database {database.name} of {database.owner}",
                ),
            )
            yield (
                server_wide(
                    f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
                    f"{database.name}: everyone (PUBLIC) loses what a new database gives",
                ),
                _allow_connections(database),
            )
        elif not existing.allows_connections:
            yield (_allow_connections(database),)


def _allow_connections(database: Database) -> Statement:
    return server_wide(
        f"ALTER DATABASE {identifier(database.name)} ALLOW_CONNECTIONS true",
        f"{database.name}: those who may connect can",
    )


def _opened_databases(comparison: Comparison) -> Iterator[Statement]:
    for database in comparison.databases:
        existing = comparison.server.databases.get(database.name) or ExistingDatabase(
            database.name, database.owner, ()
        )
        missing = [
            grantee
            for grantee in (database.reader, database.writer, *database.own)
            if "CONNECT" not in _held(existing, grantee)
        ]
        if missing:
            yield from _granted(comparison, existing, CONNECT, missing)


def _enabled_logins(comparison: Comparison) -> Iterator[Statement]:
    server = comparison.server
    for login in comparison.logins:
        role = server.roles.get(login)
        if role is not None and not role.can_login:
            yield server_wide(f"ALTER ROLE {identifier(login)} LOGIN", f"{login} may log in again")
    outside = [
        login for login in comparison.logins if not _is_member(server, login, IAM, inherit=True)
    ]
    if outside:
        yield server_wide(
            f"GRANT {identifier(IAM)} TO {identifiers(*outside)} WITH INHERIT TRUE, SET TRUE",
            f"may log in with a token: {', '.join(outside)}",
        )


def _dropped_logins(comparison: Comparison) -> Iterator[Statements]:
    for login in comparison.removed:
        yield (server_wide(f"DROP ROLE {identifier(login)}", f"{login} exists no more"),)
