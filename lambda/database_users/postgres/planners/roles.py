"""What to do to roles: the group roles, the login users, and who is in what."""

from collections.abc import Iterator, Mapping, Sequence

from database_users.desired import IAM, MANAGED, Level
from database_users.postgres.catalog import Role, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.sql import boolean, identifier, identifiers, literal
from database_users.postgres.statements import Statement, Statements, server_wide, words

_TERMINATE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = "


def disabled_logins(comparison: Comparison) -> Iterator[Statement]:
    """Takes login from the users that are declared no more."""
    for login in comparison.removed:
        if comparison.server.roles[login].can_login:
            yield server_wide(
                f"ALTER ROLE {identifier(login)} NOLOGIN", f"{login} may not log in any more"
            )


def _wanted_groups(comparison: Comparison, member: str) -> Mapping[str, bool]:
    """The roles that `member` is to be in, and whether it has their privileges without asking."""
    if member in comparison.logins:
        database, level = comparison.logins[member]
        return {database.group(level): level != "own", IAM: True, MANAGED: False}
    return {MANAGED: False} if member in comparison.removed else {}


def revoked_memberships(comparison: Comparison, findings: list[str]) -> Iterator[Statement]:
    """Takes managed roles out of what they are not declared to be in."""
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
                if grant.set and grant.role == MANAGED:
                    excess.append("SET OPTION FOR")
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


def reset_role_settings(comparison: Comparison) -> Iterator[Statement]:
    """Nothing but the setting of an `own` login may change the role that a session starts as."""
    for setting in comparison.server.role_settings:
        if setting.login not in comparison.logins:
            continue
        _, level = comparison.logins[setting.login]
        if level == "own" and setting.database is None:
            continue  # set right in corrected_logins
        where = f" IN DATABASE {identifier(setting.database)}" if setting.database else ""
        yield server_wide(
            f"ALTER ROLE {identifier(setting.login)}{where} RESET role",
            f"{setting.login} does not start as {setting.role} any more"
            + (f" in {setting.database}" if setting.database else ""),
        )


def ended_sessions(comparison: Comparison) -> Iterator[Statement]:
    """Ends the sessions of users that lose something: a session keeps the role that it has set."""
    server = comparison.server
    losing = {
        login
        for login in comparison.removed
        if server.roles[login].can_login or login in server.sessions
    }
    for login in comparison.logins.keys() & server.sessions:
        groups = {grant.role for grant in server.grants_by_member.get(login, ())}
        if groups - _wanted_groups(comparison, login).keys():
            losing.add(login)
    for login in sorted(losing):
        yield server_wide(
            _TERMINATE + literal(login),
            f"the sessions of {login} end",
        )


def marker(comparison: Comparison) -> Iterator[Statement]:
    """The role whose members are the login users made here."""
    if MANAGED not in comparison.server.roles and comparison.logins:
        yield server_wide(
            f"CREATE ROLE {identifier(MANAGED)} NOLOGIN",
            f"the role {MANAGED}, which may do nothing, marks the login users made here",
        )


def new_logins(comparison: Comparison) -> Iterator[Statement]:
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
            f"GRANT {identifier(MANAGED)} TO {identifiers(*unmarked)}"
            " WITH INHERIT FALSE, SET FALSE",
            f"marked as made here: {', '.join(unmarked)}",
        )


def _starts_as(login: str, owner: str) -> Statement:
    return server_wide(
        f"ALTER ROLE {identifier(login)} SET role = {literal(owner)}",
        f"{login} starts as {owner}, so that what it creates belongs to {owner}",
    )


def corrected_logins(comparison: Comparison) -> Iterator[Statement]:
    """Makes roles that exist already what a login user is."""
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


def groups(comparison: Comparison) -> Iterator[Statement]:
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


def memberships(comparison: Comparison) -> Iterator[Statement]:
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
                    f" WITH INHERIT {boolean(inherit)}, SET TRUE",
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


def enabled_logins(comparison: Comparison) -> Iterator[Statement]:
    """Lets users log in with a token: the last thing that they are given."""
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


def dropped_logins(comparison: Comparison) -> Iterator[Statements]:
    """A transaction for each removed user: one that cannot be dropped stops no other."""
    for login in comparison.removed:
        yield (server_wide(f"DROP ROLE {identifier(login)}", f"{login} exists no more"),)
