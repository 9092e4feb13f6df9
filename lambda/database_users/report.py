"""A plan in words, for people."""

from collections.abc import Iterator

from database_users.plan import AccessChange, Plan


def lines(plan: Plan) -> Iterator[str]:
    """The access that comes and goes, each statement under its sentence, and what stays."""
    yield from access_changes(plan)
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


def access_changes(plan: Plan) -> Iterator[str]:
    """A line for each login user that gains or loses its access."""
    for change in plan.access:
        sign = "+" if change.gained else "-"
        if change.level is None:
            yield f"{sign} {change.login} may log in"
        else:
            yield f"{sign} {_identity(change)} may {change.level} {change.database}"


def _identity(change: AccessChange) -> str:
    """The identity that a login user is named after, or all of the name if it is not."""
    return change.login.removesuffix(f"_{change.database}_{change.level}")
