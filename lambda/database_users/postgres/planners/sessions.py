"""What a session starts as, and whose sessions end."""

from collections.abc import Iterator

from database_users.plan import Statement
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.memberships import wanted_groups
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import server_wide

_TERMINATE = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = "


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
        if groups - wanted_groups(comparison, login).keys():
            losing.add(login)
    for login in sorted(losing):
        yield server_wide(
            _TERMINATE + literal(login),
            f"the sessions of {login} end",
        )
