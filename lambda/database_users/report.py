"""A plan in words, for people."""

import re
from collections.abc import Iterator

from database_users.plan import AccessChange, Plan
from rds_login.printable import is_shown, printable

_QUOTED = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'')  # an identifier or a text


def lines(plan: Plan) -> Iterator[str]:
    """The access that comes and goes, each statement under its sentence, and what stays."""
    yield from access_changes(plan)
    statements = tuple(plan.statements())
    for statement in statements:
        yield f"-- {statement.sentence}"
        yield f"{printable_sql(statement.sql)};"
    for finding in plan.findings:
        yield f"! {finding}"
    match len(statements):
        case 0:
            yield "nothing to do"
        case 1:
            yield "1 statement"
        case count:
            yield f"{count} statements"
    if plan.unread:
        yield printable(f"not known, as it could not be read: {', '.join(plan.unread)}")


def access_changes(plan: Plan) -> Iterator[str]:
    """A line for each login user that gains or loses its access."""
    for change in plan.access:
        sign = "+" if change.gained else "-"
        if change.level is None:
            yield printable(f"{sign} {change.login} may log in")
        else:
            yield printable(f"{sign} {_identity(change)} may {change.level} {change.database}")


def _identity(change: AccessChange) -> str:
    """The identity that a login user is named after, or all of the name if it is not."""
    return change.login.removesuffix(f"_{change.database}_{change.level}")


def printable_sql(sql: str) -> str:
    """`sql`, which means the same, with SQL's own escapes in names and texts that need them."""
    return _QUOTED.sub(lambda quoted: _with_escapes(quoted[0]), sql)


def _with_escapes(quoted: str) -> str:
    # PostgreSQL manual, "Lexical Structure", "Identifiers with Unicode Escapes".
    if all(map(is_shown, quoted)):
        return quoted
    return "U&" + "".join(
        character if is_shown(character) and character != "\\" else _escape(character)
        for character in quoted
    )


def _escape(character: str) -> str:
    code = ord(character)
    if character == "\\":
        return "\\\\"
    return f"\\{code:04x}" if code < 0x10000 else f"\\+{code:06x}"
