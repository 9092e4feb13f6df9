"""What to do to the group roles, which hold the privileges."""

from collections.abc import Iterator, Sequence

from database_users.desired import Database, Level
from database_users.plan import Change, Finding, Planned, Statement, together
from database_users.postgres.catalog.server import Role
from database_users.postgres.comparison import Comparison
from database_users.postgres.sql import identifier
from database_users.postgres.statements import server_wide, words


def new_groups(comparison: Comparison, databases: Sequence[Database]) -> Iterator[Statement]:
    """The group roles: owners last, since what the master inherits makes each grant slower."""
    roles = comparison.server.roles
    for turn in ("read", "write", "own"):
        for database in databases:
            for group, level, logins in database.groups:
                if level == turn and group not in roles:
                    yield _new_group(group, level, [name for name in logins if name not in roles])


def corrected_groups(comparison: Comparison) -> Iterator[Planned]:
    """Makes roles that exist already what a group role is, each by itself."""
    for database in comparison.databases:
        for group, _, _ in database.groups:
            role = comparison.server.roles.get(group)
            if role is not None:
                yield from together(
                    corrected_attributes(comparison, role),
                    of=(("database", database.name),),
                    rivals=comparison.rivals(group),
                )


def _new_group(group: str, level: Level, new_logins: Sequence[str]) -> Statement:
    members = list(map(identifier, new_logins))
    if level == "own":
        members.insert(0, "CURRENT_USER")
    with_members = f" ROLE {', '.join(members)}" if members else ""
    return server_wide(
        f"CREATE ROLE {identifier(group)} NOLOGIN{with_members}",
        f"the group role {group}"
        + (f" with its members {', '.join(new_logins)}" if new_logins else ""),
    )


def corrected_attributes(comparison: Comparison, role: Role) -> Iterator[Change]:
    """Takes from `role` what none of ours has; a superuser is left to superusers.

    Who has an attribute, and nobody else, may take it away (PostgreSQL manual, "ALTER ROLE").
    """
    excess: list[str] = []
    master = comparison.server.roles[comparison.server.master]
    for word, has, may in (
        ("CREATEROLE", role.create_role, True),
        ("CREATEDB", role.create_db, master.create_db),
        ("REPLICATION", role.replication, master.replication),
        ("BYPASSRLS", role.bypass_rls, master.bypass_rls),
    ):
        if has and (may or master.superuser):
            excess.append(word)
        elif has:
            yield Finding(
                f"{role.name} keeps {word}, which {master.name} has not and so cannot take away:"
                f" ALTER ROLE {identifier(role.name)} NO{word}"
            )
    if excess and not role.superuser:
        yield server_wide(
            f"ALTER ROLE {identifier(role.name)} {' '.join(f'NO{word}' for word in excess)}",
            f"{role.name} existed with {words(excess)}, which is taken away",
        )
