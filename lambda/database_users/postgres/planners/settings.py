"""What is set for a role or a database, and somebody has to know: told."""

from collections.abc import Iterator

from database_users.plan import Finding
from database_users.postgres.catalog.rows import grouped
from database_users.postgres.comparison import Comparison
from database_users.postgres.sql import literal
from database_users.postgres.startup import settings_for
from database_users.postgres.suitability import AUDIT

_SHOWN = 60  # characters of a value


def settings_without_effect(comparison: Comparison) -> Iterator[Finding]:
    """A finding for each database whose own settings would change what the master does there.

    One of every database is the master's own, which an administrator made.
    """
    server = comparison.server
    ours = {"client_encoding": "", **settings_for(server.version)}
    found = [
        one
        for one in server.masters_settings
        if ours.get(one.name, one.value) != one.value
        and (not one.database or one.database in comparison.closed)
    ]
    for database, settings in grouped(found, lambda one: one.database).items():
        told = ", ".join(f"{one.name} = {literal(_short(one.value))}" for one in settings)
        yield Finding(
            f"{database or server.master}: it has settings that the function does not let change"
            f" what it does, and that hold for others: {told}"
        )


def unlogged_by_setting(comparison: Comparison) -> Iterator[Finding]:
    """A finding for each setting by which the log says of our users other than of everyone.

    It needs a privilege to be made, and stays when that is taken away.
    """
    server = comparison.server
    for one in server.audit_settings:
        concerns = one.role in comparison.managed or (
            not one.role and (not one.database or one.database in comparison.declared)
        )
        if concerns and one.value != server.parameters.get(one.name):
            where = f" in {one.database}" if one.database else ""
            yield Finding(
                f"{one.role or 'every user'}{where}: {one.name} is set to"
                f" {literal(_short(one.value))}, by which the server's log says other than of"
                f" everyone {AUDIT[one.name]}"
            )


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
