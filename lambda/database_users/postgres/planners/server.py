"""What each phase does to the whole server: its roles, memberships and databases."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from database_users.parallel import shares
from database_users.plan import Phase, Planned, jointly, together
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import (
    closed_databases,
    created_databases,
    opened_databases,
    owned_databases,
)
from database_users.postgres.planners.groups import corrected_groups, new_groups
from database_users.postgres.planners.lockout import lockout_findings
from database_users.postgres.planners.logins import (
    corrected_logins,
    disabled,
    enabled_logins,
    marked_logins,
    marker,
    new_logins,
    readmitted_logins,
)
from database_users.postgres.planners.memberships import memberships, revoked_memberships
from database_users.postgres.planners.outside import outsiders, strangers, undeclared
from database_users.postgres.planners.sessions import ended_visits, reset_role_settings
from database_users.postgres.planners.settings import settings_without_effect, unlogged_by_setting
from database_users.postgres.planners.shared import owned_tablespaces, shared_privileges


def _close(comparison: Comparison) -> Iterator[Planned]:
    yield from lockout_findings(comparison)
    yield from outsiders(comparison)
    yield from strangers(comparison)
    yield from undeclared(comparison)
    yield from settings_without_effect(comparison)
    yield from unlogged_by_setting(comparison)
    for user in sorted(comparison.managed):
        # First what a user cannot hold up: then it can come into no database to hold up the rest.
        outside = revoked_memberships(comparison, user, of_iam=False)
        yield from together(outside, of=(("user", user),))
        rest = chain(
            disabled(comparison, user),
            revoked_memberships(comparison, user, of_iam=True),
            reset_role_settings(comparison, user),
        )
        yield from together(rest, of=(("user", user),), rivals=comparison.rivals(user))
    yield from closed_databases(comparison)
    yield from ended_visits(comparison)
    yield from shared_privileges(comparison)


def _prepare(comparison: Comparison) -> Iterator[Planned]:
    yield from together(marker(comparison))
    parts = tuple(shares(comparison.databases))
    for share in parts:
        yield from jointly(
            lambda databases: chain(
                new_logins(comparison, databases),
                new_groups(comparison, databases),
                memberships(comparison, databases),
                marked_logins(comparison, databases),
            ),
            share,
            beside=len(parts) > 1,
        )
    yield from corrected_logins(comparison)
    yield from corrected_groups(comparison)
    yield from owned_databases(comparison)
    yield from owned_tablespaces(comparison)


def unprepared(comparison: Comparison) -> frozenset[str]:
    """The databases of which a role is missing."""
    roles = comparison.server.roles.keys()
    return frozenset(database.name for database in comparison.databases if database.roles - roles)


def _open(comparison: Comparison) -> Iterator[Planned]:
    yield from opened_databases(comparison)
    # After all of the above: with each member that a role gets, the server forgets who is in what.
    yield from enabled_logins(comparison)


SERVER_PHASES: Mapping[Phase, Callable[[Comparison], Iterator[Planned]]] = {
    Phase.CLOSE: _close,
    Phase.READMIT: readmitted_logins,
    Phase.PREPARE: _prepare,
    Phase.CREATE: created_databases,
    Phase.OPEN: _open,
}
