"""What to do to what no database has for itself: parameters and tablespaces."""

from collections.abc import Iterator

from database_users.plan import Change, Finding, Planned, Statement, together
from database_users.postgres.acting import acting, grants_as
from database_users.postgres.cascade import by_itself, without
from database_users.postgres.catalog.server import SharedObject
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.handover import OWNER_OF_EACH
from database_users.postgres.privileges import PUBLIC, Grant
from database_users.postgres.sql import identifier
from database_users.postgres.statements import (
    HOME,
    KEYWORDS,
    grantee_name,
    grantee_sql,
    server_wide,
    words,
)


def shared_privileges(comparison: Comparison) -> Iterator[Planned]:
    """Takes them from our roles, whose levels end with their database."""
    for shared in comparison.server.shared:
        yield from together(_revoked(comparison, shared), rivals=comparison.rivals(shared.owner))


def _revoked(comparison: Comparison, shared: SharedObject) -> Iterator[Change]:
    if shared.owner == OWNER_OF_EACH:
        yield Finding(
            f"the tablespace {shared.name} belongs to {OWNER_OF_EACH}, and so to the owner of"
            " each database"
        )
    changes: list[Statement] = []

    def taken(grant: Grant) -> Grant:
        ours = grant.grantee in comparison.managed and comparison.can_act_as(grant.grantor)
        return without(grant, grant.privileges) if ours else grant

    for listed in shared.acl:
        grant = by_itself(listed, shared.acl, shared.owner, taken)
        if not grant.privileges:
            continue  # it goes with another's grant option
        what = f"{words(grant.privileges)} on the {shared.kind} {shared.name}"
        if grant.grantee in (PUBLIC, OWNER_OF_EACH):
            yield Finding(
                f"{grantee_name(grant.grantee)} has {what}, users declared here among them"
            )
        elif grant.grantee not in comparison.managed:
            continue
        elif not comparison.can_act_as(grant.grantor):
            yield Finding(
                f"{grant.grantee} keeps {what}; only {grant.grantor} can revoke it",
                (grant.grantee,),
            )
        else:
            changes.append(
                server_wide(
                    f"REVOKE {words(grant.privileges)} ON {KEYWORDS[shared.kind]}"
                    f" {identifier(shared.name)} FROM {grantee_sql(grant.grantee)} CASCADE",
                    f"{grant.grantee} no longer has {what}",
                    grants_as(comparison, grant.grantor, shared.acl),
                    (grant.grantor,),
                )
            )
    yield from acting(comparison, HOME, changes, prepared=False)


def owned_tablespaces(comparison: Comparison) -> Iterator[Planned]:
    """Hands the tablespaces of our roles to the master."""
    for shared in comparison.server.shared:
        if shared.kind == "tablespace" and shared.owner in comparison.managed:
            if not comparison.can_act_as(shared.owner):
                yield Finding(
                    f"the tablespace {shared.name} stays {shared.owner}'s:"
                    f" {comparison.server.master} has no ADMIN OPTION on it",
                    (shared.owner,),
                )
                continue
            yield from together(
                acting(comparison, HOME, [given_to_master(shared)]),
                rivals=comparison.rivals(shared.owner),
            )


def given_to_master(tablespace: SharedObject) -> Statement:
    """Gives a `tablespace` to the master."""
    return server_wide(
        f"ALTER TABLESPACE {identifier(tablespace.name)} OWNER TO CURRENT_USER",
        f"the tablespace {tablespace.name} is the master's, no longer {tablespace.owner}'s",
        acts_for=(tablespace.owner,),
    )
