"""A plan in words, for people."""

from collections.abc import Iterator

from database_users.desired import IAM
from database_users.postgres.comparison import Comparison
from database_users.postgres.run import Plan


def lines(plan: Plan) -> Iterator[str]:
    """The grants that come and go, each statement under its sentence, and what stays."""
    yield from grant_changes(plan.comparison)
    statements = tuple(plan.statements())
    for statement in statements:
        yield f"-- {statement.sentence}"
        yield f"{statement.sql};"
    for finding in plan.findings:
        yield f"! {finding}"
    match len(statements):
        case 0:
            yield "nothing to do"
        case 1:
            yield "1 statement"
        case count:
            yield f"{count} statements"


def grant_changes(comparison: Comparison) -> Iterator[str]:
    """A line for each login user that gains or loses its access."""
    server = comparison.server
    for login, (database, level) in comparison.logins.items():
        role = server.roles.get(login)
        groups = {grant.role for grant in server.grants_by_member.get(login, ())}
        if role is None or not role.can_login or not {database.group(level), IAM} <= groups:
            yield f"+ {_identity(login, database.name, level)} may {level} {database.name}"
    levels = {
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
            yield f"- {_identity(login, database, level)} may {level} {database}"
        if not held:
            yield f"- {login} may log in"


def _identity(login: str, database: str, level: str) -> str:
    """The identity that a login user is named after, or all of the name if it is not."""
    return login.removesuffix(f"_{database}_{level}")
