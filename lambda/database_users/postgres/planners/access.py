"""Who gains and who loses access with a plan."""

from collections.abc import Iterator

from database_users.desired import IAM, Level
from database_users.plan import AccessChange
from database_users.postgres.comparison import Comparison


def access_changes(comparison: Comparison) -> Iterator[AccessChange]:
    """Each login user that gains or loses its access."""
    server = comparison.server
    for login, (database, level) in comparison.logins.items():
        role = server.roles.get(login)
        groups = {grant.role for grant in server.grants_by_member.get(login, ())}
        if role is None or not role.can_login or not {database.group(level), IAM} <= groups:
            yield AccessChange(True, login, level, database.name)
    levels: dict[str, tuple[str, Level]] = {
        group: (database.name, level)
        for database in comparison.databases
        for group, level, _ in database.groups
    }
    for login in comparison.removed:
        held = [
            levels[grant.role]
            for grant in server.grants_by_member.get(login, ())
            if grant.role in levels
        ]
        for database, level in held:
            yield AccessChange(False, login, level, database)
        if not held:
            yield AccessChange(False, login)
