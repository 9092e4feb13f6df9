"""What to do to the login users: make, correct, let in, shut out, drop."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from database_users.desired import IAM, Database, Level
from database_users.plan import (
    Change,
    Finding,
    Planned,
    Statement,
    Subjects,
    Transaction,
    jointly,
    together,
)
from database_users.postgres.acting import acting
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.groups import corrected_attributes
from database_users.postgres.planners.memberships import is_member
from database_users.postgres.sql import identifier, identifiers, literal
from database_users.postgres.statements import HOME, server_wide


def disabled(comparison: Comparison, user: str) -> Iterator[Statement]:
    """Takes login from who loses something: until its sessions have ended, or for good."""
    role = comparison.server.roles.get(user)
    if role is None or not role.can_login:
        return
    if user in comparison.groups:
        sentence = f"{user} existed as a login user: it is a group role now and may not log in"
    elif user in comparison.removed:
        sentence = f"{user} may not log in any more"
    elif user in comparison.logins and comparison.loses_groups(user):
        sentence = f"{user} loses something: it may not log in until its sessions have ended"
    else:
        return
    yield server_wide(f"ALTER ROLE {identifier(user)} NOLOGIN", sentence)


def marker(comparison: Comparison) -> Iterator[Statement]:
    """The role whose members are the login users made here."""
    mark = comparison.server.mark
    if mark not in comparison.server.roles and comparison.logins:
        yield server_wide(
            f"CREATE ROLE {identifier(mark)} NOLOGIN",
            f"the role {mark}, which may do nothing, marks the login users made here",
        )


def new_logins(comparison: Comparison, databases: Sequence[Database]) -> Iterator[Statement]:
    """Makes login users that cannot log in yet: they have no password, and no `rds_iam`.

    `own` users first: each statement on a role costs in proportion to the roles that the master
    made before it.
    """
    logins = [login for one in databases for login in comparison.logins_of(one)]
    new = [login for login in logins if login not in comparison.server.roles]
    for login in new:
        database, level = comparison.logins[login]
        if level == "own":
            yield _created(login, " NOINHERIT", database)
            yield _starts_as(login, database.owner)
    for login in new:
        database, level = comparison.logins[login]
        if level != "own":
            yield _created(login, "", database)


def marked_logins(comparison: Comparison, databases: Sequence[Database]) -> Iterator[Statement]:
    """Marks login users as made here: last, since one transaction at a time may mark."""
    logins = [login for one in databases for login in comparison.logins_of(one)]
    unmarked = [login for login in logins if login not in comparison.server.managed_logins]
    if unmarked:
        yield server_wide(
            f"GRANT {identifier(comparison.server.mark)} TO {identifiers(*unmarked)}"
            " WITH INHERIT FALSE, SET FALSE",
            f"marked as made here: {', '.join(unmarked)}",
        )


def _created(login: str, inherits: str, database: Database) -> Statement:
    limit = database.connection_limit
    return server_wide(
        f"CREATE ROLE {identifier(login)} LOGIN{inherits}"
        + (f" CONNECTION LIMIT {limit:d}" if limit else ""),
        f"the login user {login}" + (f" of {limit:d} connections at the most" if limit else ""),
    )


def _starts_as(login: str, owner: str) -> Statement:
    return server_wide(
        f"ALTER ROLE {identifier(login)} SET role = {literal(owner)}",
        f"{login} starts as {owner}, so that what it creates belongs to {owner}",
    )


def corrected_logins(comparison: Comparison) -> Iterator[Planned]:
    """Makes roles that exist already what a login user is, each by itself."""
    for login, (database, level) in comparison.logins.items():
        if login in comparison.server.roles:
            corrected = _corrected(comparison, login, database, level)
            yield from together(corrected, of=(("user", login),), rivals=(login,))


def _corrected(
    comparison: Comparison, login: str, database: Database, level: Level
) -> Iterator[Change]:
    server = comparison.server
    role = server.roles[login]
    yield from corrected_attributes(comparison, role)
    if role.inherits == (level == "own"):
        word = "NOINHERIT" if role.inherits else "INHERIT"
        yield server_wide(
            f"ALTER ROLE {identifier(login)} {word}", f"{login} is {word}, as its level wants"
        )
    limit = database.connection_limit
    if limit not in (None, role.connection_limit):
        yield server_wide(
            f"ALTER ROLE {identifier(login)} CONNECTION LIMIT {limit:d}",
            f"{login} may have {limit:d} connections at once, {_number(role.connection_limit)}",
        )
    if login not in server.managed_logins:
        yield server_wide(
            f"ALTER ROLE {identifier(login)} PASSWORD NULL",
            f"{login} existed and is taken over: it has no password any more",
        )
    starts = {setting.role for setting in server.settings_of(login) if setting.database is None}
    if level == "own" and database.owner not in starts:
        yield _starts_as(login, database.owner)


def _number(limit: int) -> str:
    """What a limit on connections was."""
    return "of which it had no limit" if limit < 0 else f"no longer {limit:d}"


def readmitted_logins(comparison: Comparison) -> Iterator[Planned]:
    """Lets users that lost something, and stay, log in again, once their sessions have ended."""
    for login in comparison.logins:
        if any(disabled(comparison, login)):
            yield from together([_enabled(login)], of=(("user", login),), rivals=(login,))


def _enabled(login: str) -> Statement:
    return server_wide(f"ALTER ROLE {identifier(login)} LOGIN", f"{login} may log in again")


def enabled_logins(comparison: Comparison) -> Iterator[Planned]:
    """Lets users log in with a token: the last thing that they are given.

    Users that did not exist are let in together, as nobody can be in the way of that.
    """
    roles = comparison.server.roles
    yield from jointly(
        lambda databases: _with_token(
            login for one in databases for login in comparison.logins_of(one) if login not in roles
        ),
        comparison.databases,
    )
    for database in comparison.databases:
        of: Subjects = (("database", database.name),)
        existing = [login for login in comparison.logins_of(database) if login in roles]
        yield from together(
            _with_token(
                login
                for login in existing
                if not is_member(comparison.server, login, IAM, inherit=True)
            ),
            of=of,
        )
        for login in existing:
            if not roles[login].can_login:
                yield Transaction((_enabled(login),), of=(*of, ("user", login)), rivals=(login,))


def _with_token(logins: Iterable[str]) -> Iterator[Statement]:
    if outside := tuple(logins):
        yield server_wide(
            f"GRANT {identifier(IAM)} TO {identifiers(*outside)} WITH INHERIT TRUE, SET TRUE",
            f"may log in with a token: {', '.join(outside)}",
        )


def staying_logins(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Each user that is declared no more and that the master cannot change, and what it takes."""
    server = comparison.server
    for login in comparison.irremovable:
        remedy = (
            f"only a superuser can change one: ALTER ROLE {identifier(login)} NOSUPERUSER"
            if server.roles[login].superuser
            else f"{server.master} has no ADMIN OPTION on it: GRANT {identifier(login)} TO"
            f" {identifier(server.master)} WITH ADMIN OPTION"
        )
        yield login, f"{login} is declared no more, and may log in as before: {remedy}"


def dropped_logins(comparison: Comparison, kept: Collection[str]) -> Iterator[Planned]:
    """A transaction for each removed user: one that cannot be dropped stops no other.

    Of those that are `kept`, something else depends on them that stays.
    """
    for login in comparison.removed:
        of: Subjects = (("user", login),)
        if login in kept:
            yield Finding(f"{login} is not dropped, but may not log in: objects depend on it")
            continue
        holdings = comparison.server.holdings_by_role.get(login, ())
        if any("pg_auth_members" in holding.owns | holding.named for holding in holdings):
            passed_on = server_wide(
                f"DROP OWNED BY {identifier(login)}",
                f"whom {login} made a member of a role is none by that any more",
                acts_for=(login,),
            )
            yield from together(acting(comparison, HOME, [passed_on]), may_fail=True, of=of)
        dropped = server_wide(f"DROP ROLE {identifier(login)}", f"{login} exists no more")
        yield Transaction((dropped,), may_fail=True, of=of)
