"""What to do to the login users: make, correct, let in, shut out, drop."""

from collections.abc import Collection, Iterator

from database_users.desired import IAM, MANAGED
from database_users.plan import Finding, Planned, Statement, Transaction, together
from database_users.postgres.acting import acting
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.groups import corrected_attributes
from database_users.postgres.planners.memberships import is_member
from database_users.postgres.sql import identifier, identifiers, literal
from database_users.postgres.statements import HOME, server_wide


def disabled_logins(comparison: Comparison) -> Iterator[Statement]:
    """Takes login from the users that are declared no more."""
    for login in comparison.removed:
        if comparison.server.roles[login].can_login:
            yield server_wide(
                f"ALTER ROLE {identifier(login)} NOLOGIN", f"{login} may not log in any more"
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
        yield from corrected_attributes(role)
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


def enabled_logins(comparison: Comparison) -> Iterator[Statement]:
    """Lets users log in with a token: the last thing that they are given."""
    server = comparison.server
    for login in comparison.logins:
        role = server.roles.get(login)
        if role is not None and not role.can_login:
            yield server_wide(f"ALTER ROLE {identifier(login)} LOGIN", f"{login} may log in again")
    outside = [
        login for login in comparison.logins if not is_member(server, login, IAM, inherit=True)
    ]
    if outside:
        yield server_wide(
            f"GRANT {identifier(IAM)} TO {identifiers(*outside)} WITH INHERIT TRUE, SET TRUE",
            f"may log in with a token: {', '.join(outside)}",
        )


def dropped_logins(comparison: Comparison, kept: Collection[str]) -> Iterator[Planned]:
    """A transaction for each removed user: one that cannot be dropped stops no other.

    Of those that are `kept`, something else depends on them that stays.
    """
    for login in comparison.removed:
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
            yield from together(acting(comparison, HOME, [passed_on]), may_fail=True)
        dropped = server_wide(f"DROP ROLE {identifier(login)}", f"{login} exists no more")
        yield Transaction((dropped,), may_fail=True)
