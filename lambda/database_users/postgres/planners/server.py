"""What to do to the whole server: its roles, memberships and databases.

A plan runs in the order of its fields. Access is closed first and opened last, so that a run that
is cut off leaves nobody with more than before or after, and the next one can finish it.
"""

from dataclasses import dataclass

from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import (
    closed_databases,
    created_databases,
    opened_databases,
    owned_databases,
)
from database_users.postgres.planners.roles import (
    corrected_logins,
    disabled_logins,
    dropped_logins,
    enabled_logins,
    ended_sessions,
    groups,
    marker,
    memberships,
    new_logins,
    reset_role_settings,
    revoked_memberships,
)
from database_users.postgres.statements import Statements


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """Transactions in their order; the databases' own come between `create` and `open`."""

    close: Statements = ()
    disconnect: Statements = ()
    prepare: Statements = ()
    create: tuple[Statements, ...] = ()
    open: Statements = ()
    remove: tuple[Statements, ...] = ()
    findings: tuple[str, ...] = ()


def plan_server(comparison: Comparison) -> ServerPlan:
    """What the server needs besides what is inside its databases."""
    findings: list[str] = []
    return ServerPlan(
        close=(
            *disabled_logins(comparison),
            *revoked_memberships(comparison, findings),
            *closed_databases(comparison, findings),
            *reset_role_settings(comparison),
        ),
        disconnect=tuple(ended_sessions(comparison)),
        prepare=(
            *marker(comparison),
            *new_logins(comparison),
            *corrected_logins(comparison),
            *groups(comparison),
            *memberships(comparison),
            *owned_databases(comparison),
        ),
        create=tuple(created_databases(comparison)),
        open=(*opened_databases(comparison), *enabled_logins(comparison)),
        remove=tuple(dropped_logins(comparison)),
        findings=tuple(findings),
    )
