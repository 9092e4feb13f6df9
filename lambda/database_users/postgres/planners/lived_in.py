"""What a server that was there before would lose: nobody's is taken who is not declared."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from database_users.desired import Database
from database_users.errors import LockoutError
from database_users.plan import Finding
from database_users.postgres.catalog.server import ExistingDatabase, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import NONE, PUBLIC, held
from database_users.postgres.sql import identifier, identifiers
from database_users.postgres.statements import words


def taken_from_others(comparison: Comparison) -> Iterator[Finding]:
    """What stops a run before anything is changed, each with what is to be done first."""
    yield from _taken_over(comparison)
    for existing in comparison.server.databases.values():
        if existing.name in comparison.closed:
            yield from _losing(comparison, existing)


def refuse_strangers(server: Server, databases: Sequence[Database]) -> None:
    """Raises:
    LockoutError: the users that are marked as ours are another environment's.
    """
    declared = frozenset[str]().union(*(database.roles for database in databases))
    if strangers := sorted(server.managed_logins - declared):
        raise LockoutError(
            f"nothing was changed: {', '.join(strangers)} would be removed, and are of another"
            f" environment, or of one that is gone (members of {server.mark}): declare a `prefix`"
            " that no other environment on this server has, or drop them first"
        )


def _taken_over(comparison: Comparison) -> Iterator[Finding]:
    """Roles that have the name of one of ours, and that none of our runs made."""
    server = comparison.server
    ours = server.managed_logins
    groups = frozenset(_groups_of_others(comparison))
    for name in sorted((comparison.logins.keys() | groups) & server.roles.keys() - ours):
        yield Finding(
            f"the role {name} was there before, and is somebody's: rename it (ALTER ROLE"
            f" {identifier(name)} RENAME TO …), or choose another name in the declaration"
        )


def _groups_of_others(comparison: Comparison) -> Iterator[str]:
    """The group roles that are not ours: all before our first run, then those of others' databases.

    What environments call their roles may be the same: `blue_sales_owner` is that of `sales` where
    the prefix is `blue`, and that of `blue_sales` where there is none.
    """
    server = comparison.server
    for database in comparison.databases:
        groups = {group for group, _, _ in database.groups}
        existing = server.databases.get(database.name)
        if server.mark not in server.roles:
            yield from groups
        elif existing is None or existing.owner not in groups:
            members = {one.member for one in server.memberships if one.role in groups}
            owned = {name for name, one in server.databases.items() if one.owner in groups}
            if owned or members & server.others_logins:
                yield from groups


def _losing(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Finding]:
    """Users who may do something with a database only because everyone may."""
    everyone = held(existing.acl, PUBLIC)
    losing: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for user, roles in sorted(comparison.other_users.items()):
        own = NONE.union(*(held(existing.acl, role) for role in roles))
        if existing.owner not in roles and everyone - own:
            losing[everyone - own].append(user)
    on = f"ON DATABASE {identifier(existing.name)}"
    for missing, users in losing.items():
        yield Finding(
            f"{existing.name}: {', '.join(users)} may {words(missing)} only because everyone may:"
            f" GRANT {words(missing)} {on} TO {identifiers(*users)}, or, if they shall not,"
            f" REVOKE {words(missing)} {on} FROM PUBLIC"
        )
