"""Refuses to work where a command of the master would run somebody else's code."""

from collections.abc import Iterator

from database_users.errors import RefusedStatementError
from database_users.postgres.catalog.contents import Contents, EventTrigger
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.handover import leaving


def refuse_foreign_code(comparison: Comparison, name: str, contents: Contents) -> None:
    """An event trigger runs its function as whoever gives a command: each GRANT is one.

    Raises:
        RefusedStatementError: somebody who is no administrator may rewrite such a function in the
            database `name`, or comes to own it.
    """
    for trigger in _foreign(comparison, name, contents):
        raise RefusedStatementError(
            f"{name}: the event trigger {trigger.name} runs {trigger.function}, which"
            f" {trigger.owner} may rewrite, as whoever gives a command: nothing is done there."
            " Whoever made it can disable it, or give the function to an administrator"
        )


def _foreign(comparison: Comparison, name: str, contents: Contents) -> Iterator[EventTrigger]:
    for trigger in contents.event_triggers:
        trusted = trigger.owner == comparison.server.master or comparison.is_trusted(trigger.owner)
        if not trusted or trigger.owner in leaving(comparison, name):
            yield trigger
