"""Keeps administrators and password users out of `rds_iam`.

Whoever is in `rds_iam`, through whatever chain of memberships, can log in with a token alone
(Amazon RDS User Guide, "Creating a database account using IAM authentication"). PostgreSQL counts
every membership for this, also one that neither inherits nor may be set.
"""

from collections import deque
from collections.abc import Iterator

from database_users.desired import IAM
from database_users.errors import LockoutError
from database_users.plan import Finding
from database_users.postgres.catalog.server import Server, by_role, members
from database_users.postgres.comparison import Comparison
from database_users.postgres.sql import identifier


def refuse_lockouts(comparison: Comparison) -> None:
    """Raises:
    LockoutError: an administrator or a user with a password would come to be in `rds_iam`.
    """
    server = comparison.server
    for name in sorted(comparison.logins.keys() | comparison.groups):
        if server.is_administrator(name) and not comparison.made_here(name):
            raise LockoutError(
                f"the role {name} exists and is an administrator: it is not taken over; choose"
                " another name in the declaration, or take its rights away first"
            )
    before = server.members_of(IAM)
    after = members(IAM, by_role(_edges_after(comparison)))
    for name in sorted(after - before - comparison.logins.keys() - {server.master}):
        role = server.roles.get(name)
        if role is not None and (role.can_login or server.is_administrator(name)):
            login = next(
                login
                for login in comparison.logins
                if name in server.members_of(login) or name in comparison.groups
            )
            raise LockoutError(
                f"{name} is a member of {login} and would come to be in {IAM} with it, which turns"
                f" its password off; run REVOKE {login} FROM {name} first"
            )


def _edges_after(comparison: Comparison) -> Iterator[tuple[str, str]]:
    for grant in comparison.server.memberships:
        if grant.member not in comparison.managed:
            yield grant.role, grant.member
    for database in comparison.databases:
        yield database.owner, comparison.server.master
        for group, _, logins in database.groups:
            for login in logins:
                yield group, login
                yield IAM, login


def lockout_findings(comparison: Comparison) -> Iterator[Finding]:
    """Those who are in `rds_iam`, it seems, by mistake, and ours that are superusers."""
    server = comparison.server
    direct = {grant.member for grant in server.grants_by_role.get(IAM, ())}
    for name in sorted(server.members_of(IAM) - comparison.managed - {server.master}):
        role = server.roles.get(name)
        if role is None or not role.can_login:
            continue
        if server.is_administrator(name) or name not in direct:
            yield Finding(
                f"{name} is in {IAM} by {' > '.join(_chain(server, name))}: it can log in with a"
                " token alone, and its password is off"
            )
    for name in sorted(comparison.managed & server.roles.keys()):
        if server.roles[name].superuser:
            yield Finding(
                f"{name} is a superuser, whatever it is declared to be; only a superuser can change"
                f" that: ALTER ROLE {identifier(name)} NOSUPERUSER"
            )


def _chain(server: Server, member: str) -> list[str]:
    """The shortest chain of memberships from `member` to `rds_iam`."""
    paths = deque([[member]])
    seen = {member}
    while paths:
        path = paths.popleft()
        if path[-1] == IAM:
            return path
        for grant in server.grants_by_member.get(path[-1], ()):
            if grant.role not in seen:
                seen.add(grant.role)
                paths.append([*path, grant.role])
    return [member, IAM]
