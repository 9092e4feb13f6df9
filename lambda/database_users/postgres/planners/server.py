"""What each phase does to the whole server: its roles, memberships and databases."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from database_users.plan import Phase, Planned, together
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import (
    closed_databases,
    created_databases,
    opened_databases,
    owned_databases,
)
from database_users.postgres.planners.groups import groups
from database_users.postgres.planners.lockout import lockout_findings
from database_users.postgres.planners.logins import (
    corrected_logins,
    disabled_logins,
    enabled_logins,
    marker,
    new_logins,
)
from database_users.postgres.planners.memberships import memberships, revoked_memberships
from database_users.postgres.planners.outside import outsiders, undeclared
from database_users.postgres.planners.sessions import ended_sessions, reset_role_settings
from database_users.postgres.planners.shared import owned_tablespaces, shared_privileges


def _close(comparison: Comparison) -> Iterator[Planned]:
    yield from lockout_findings(comparison)
    yield from outsiders(comparison)
    yield from undeclared(comparison)
    yield from together(
        chain(
            disabled_logins(comparison),
            revoked_memberships(comparison),
            closed_databases(comparison),
            shared_privileges(comparison),
            reset_role_settings(comparison),
        )
    )


def _disconnect(comparison: Comparison) -> Iterator[Planned]:
    yield from together(ended_sessions(comparison))


def _prepare(comparison: Comparison) -> Iterator[Planned]:
    yield from together(
        chain(
            marker(comparison),
            new_logins(comparison),
            corrected_logins(comparison),
            groups(comparison),
            memberships(comparison),
            owned_databases(comparison),
            owned_tablespaces(comparison),
        )
    )


def _open(comparison: Comparison) -> Iterator[Planned]:
    yield from together(chain(opened_databases(comparison), enabled_logins(comparison)))


SERVER_PHASES: Mapping[Phase, Callable[[Comparison], Iterator[Planned]]] = {
    Phase.CLOSE: _close,
    Phase.DISCONNECT: _disconnect,
    Phase.PREPARE: _prepare,
    Phase.CREATE: created_databases,
    Phase.OPEN: _open,
}
