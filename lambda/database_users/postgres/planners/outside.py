"""Ways in and out that the declaration does not know: told, since they are somebody else's."""

from collections import defaultdict
from collections.abc import Iterator

from database_users.plan import Finding
from database_users.postgres.catalog.server import by_role, members
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import PUBLIC, held
from database_users.postgres.sql import identifier
from database_users.postgres.statements import words

_RDS_OWN = frozenset({"rdsadmin", "template0"})  # RDS lets nobody in there


def outsiders(comparison: Comparison) -> Iterator[Finding]:
    """Roles of others that are in our group roles, or in login users, and may what they may."""
    server = comparison.server
    superusers = {role.name for role in server.roles.values() if role.superuser}
    ours = comparison.managed | superusers | {server.master}
    levels = {
        role: f"{level} {database.name}"
        for database in comparison.databases
        for group, level, logins in database.groups
        for role in (group, *logins)
    }
    direct = by_role((one.role, one.member) for one in server.memberships if one.member not in ours)
    for role, level in levels.items():
        if others := members(role, direct):
            yield Finding(
                f"{words(others)} is not managed here and may {level} as a member of {role};"
                f" whoever shall not: REVOKE {identifier(role)} FROM …"
            )


def strangers(comparison: Comparison) -> Iterator[Finding]:
    """Who else may do something with a declared database, or has it for its own."""
    others = comparison.others
    for database in comparison.databases:
        name = database.name
        existing = comparison.server.databases.get(name)
        if existing is None:
            continue
        owner = comparison.owner_of(name)
        if owner != database.owner and owner in others:
            yield Finding(
                f"{name}: it belongs to {owner}, who is not managed here and may do all with it;"
                f" {database.owner} takes over what old_owners names"
            )
        having: defaultdict[frozenset[str], list[str]] = defaultdict(list)
        for grant in existing.acl:
            if grant.grantee in others and grant.grantee != owner:
                having[grant.privileges].append(grant.grantee)
        for privileges, grantees in having.items():
            yield Finding(
                f"{name}: {words(grantees)} is not managed here and has {words(privileges)} on the"
                " database"
            )


def undeclared(comparison: Comparison) -> Iterator[Finding]:
    """Databases that are not declared, and are yet open to users that are."""
    if not comparison.logins:
        return
    for existing in comparison.server.databases.values():
        name = existing.name
        if name in comparison.declared or name in _RDS_OWN:
            continue
        open_to_all = "CONNECT" in held(existing.acl, PUBLIC) and existing.allows_connections
        if open_to_all and name not in comparison.closed:
            yield Finding(
                f"{name}: it is not declared, and everyone (PUBLIC) may connect, the users declared"
                " here among them"
            )
        if existing.owner in comparison.owners:
            yield Finding(
                f"{name}: it is not declared and belongs to {existing.owner}, as which declared"
                " users may connect"
            )
        holding = {
            one.role
            for one in comparison.server.holdings_by_database.get(name, ())
            if one.role in comparison.managed and one.role not in comparison.removed
        }
        if holding:
            yield Finding(
                f"{name}: it is not declared, and {words(holding)} has privileges or objects there"
            )
    for database in comparison.databases:
        for one in comparison.server.holdings_by_database.get(database.name, ()):
            if one.of_server and one.role in comparison.managed:
                yield Finding(
                    f"{database.name}: {one.role} has privileges on objects of PostgreSQL's own"
                    f" ({words(one.of_server)}), which only the server's superuser can revoke"
                )
