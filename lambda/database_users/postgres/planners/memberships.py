"""Who is to be in what, and who no longer."""

from collections.abc import Iterator, Sequence

from database_users.desired import IAM, Database
from database_users.plan import Change, Finding
from database_users.postgres.acting import acting
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.sql import boolean, identifier, identifiers
from database_users.postgres.statements import HOME, server_wide


def revoked_memberships(comparison: Comparison, member: str, *, of_iam: bool) -> Iterator[Change]:
    """Takes `member` out of what it is not declared to be in: of `rds_iam`, or of all else."""
    server = comparison.server
    wanted = comparison.wanted_groups(member)
    for grant in server.grants_by_member.get(member, ()):
        if (grant.role == IAM) != of_iam:
            continue
        excess: list[str] = []
        if grant.role not in wanted:
            excess.append("")
        else:
            if grant.admin:
                excess.append("ADMIN OPTION FOR")
            if grant.set and grant.role == server.mark:
                excess.append("SET OPTION FOR")
            if grant.inherit and not wanted[grant.role]:
                excess.append("INHERIT OPTION FOR")
        for option in excess:
            what = f"the {option.lower()} {grant.role}" if option else grant.role
            if not comparison.can_act_as(grant.grantor):
                yield Finding(
                    f"{member} keeps {what}, which {grant.grantor} granted and only"
                    f" {grant.grantor} can revoke"
                )
                continue
            revoked = server_wide(
                f"REVOKE {f'{option} ' if option else ''}{identifier(grant.role)}"
                f" FROM {identifier(member)} GRANTED BY {identifier(grant.grantor)} CASCADE",
                f"{member} is no longer granted {what}",
                acts_for=(grant.grantor,),
            )
            yield from acting(comparison, HOME, [revoked], prepared=False)


def memberships(comparison: Comparison, databases: Sequence[Database]) -> Iterator[Change]:
    """Memberships that no `CREATE ROLE` brings about."""
    server = comparison.server
    for database in databases:
        for group, level, logins in database.groups:
            inherit = level != "own"
            missing = [
                login
                for login in logins
                if not (group not in server.roles and login not in server.roles)
                and not is_member(server, login, group, inherit)
            ]
            for login in [login for login in missing if comparison.stays_in(group, login)]:
                missing.remove(login)
                yield Finding(
                    f"{login} cannot be made a member of {group}, which is one of {login} by a"
                    f" grant that {server.master} cannot revoke: it may not {level} {database.name}"
                )
            if missing:
                yield server_wide(
                    f"GRANT {identifier(group)} TO {identifiers(*missing)}"
                    f" WITH INHERIT {boolean(inherit)}, SET TRUE",
                    f"{', '.join(missing)} may {level} {database.name}",
                )
        if database.owner in server.roles and not is_member(
            server, server.master, database.owner, inherit=True
        ):
            yield server_wide(
                f"GRANT {identifier(database.owner)} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
                f"the master acts for {database.owner}",
            )


def is_member(server: Server, member: str, group: str, inherit: bool) -> bool:
    """Whether `member` may set itself to `group`, and has its privileges if `inherit`."""
    found = server.grants_of.get((group, member), ())
    return any(grant.set for grant in found) and (
        not inherit or any(grant.inherit for grant in found)
    )
