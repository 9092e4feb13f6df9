"""What a session starts as, and whose sessions end."""

from collections.abc import Collection, Iterator

from database_users.plan import Finding, Statement, Transaction
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import admitted
from database_users.postgres.privileges import PUBLIC
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import server_wide, words

_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "


def reset_role_settings(comparison: Comparison, login: str) -> Iterator[Statement]:
    """Nothing but the setting of an `own` login may change the role that a session starts as."""
    if login not in comparison.logins:
        return
    _, level = comparison.logins[login]
    for setting in comparison.server.settings_of(login):
        if level == "own" and setting.database is None:
            continue  # set right in corrected_logins
        where = f" IN DATABASE {identifier(setting.database)}" if setting.database else ""
        yield server_wide(
            f"ALTER ROLE {identifier(setting.login)}{where} RESET role",
            f"{setting.login} does not start as {setting.role} any more"
            + (f" in {setting.database}" if setting.database else ""),
        )


def losing(comparison: Comparison) -> tuple[str, ...]:
    """The users that lose something: a session keeps the role that it has set.

    A run that was cut off while a user lost something left it without its login.
    """
    server = comparison.server
    changed = (
        login
        for login in comparison.logins.keys() & server.roles.keys()
        if comparison.loses_groups(login) or not server.roles[login].can_login
    )
    groups = (
        group
        for group in comparison.groups & server.roles.keys()
        if server.roles[group].can_login
        or group in server.sessions
        or group in comparison.leaving_groups
    )
    return tuple(sorted({*comparison.removed, *changed, *groups}))


def deserted(comparison: Comparison) -> frozenset[str]:
    """The roles that users who go could act as, and nobody else: what these prepared is theirs."""
    roles = comparison.server.only_for(comparison.removed)
    return frozenset(role for role in roles if comparison.can_act_as(role))


def prepared_by_many(comparison: Comparison) -> Iterator[Finding]:
    """Prepared transactions that may be of a user who goes, or of somebody who stays."""
    server = comparison.server
    for one in server.prepared:
        could = [user for user in comparison.removed if one.owner in server.acts_for(user)]
        if could and one.owner not in {*comparison.removed, *deserted(comparison)}:
            yield Finding(
                f"{one.database}: the prepared transaction {one.gid} of {one.owner} may be of"
                f" {words(could)}, and stays with its locks until {one.owner} ends it"
            )


def ended_sessions(comparison: Comparison, users: Collection[str]) -> Iterator[Transaction]:
    """What ends the sessions of `users`, who lose something, where there may be any."""
    server = comparison.server
    for login in users:
        if server.roles[login].can_login or login in server.sessions:
            ended = server_wide(_TERMINATE + literal(login), f"the sessions of {login} end")
            yield Transaction((ended,), of=(("user", login),))


def ended_visits(comparison: Comparison) -> Iterator[Transaction]:
    """Ends the sessions of our users in declared databases that are closed to them by now.

    A session stays where it is, whoever may not enter any more.
    """
    server = comparison.server
    for user, name in sorted(server.visits):
        if user not in comparison.logins or name not in comparison.declared:
            continue
        entering = admitted(comparison, server.databases[name])
        at_home = comparison.logins[user][0].name == name
        if not at_home and entering.isdisjoint({PUBLIC, *server.privileges_of(user)}):
            ended = server_wide(
                f"{_TERMINATE}{literal(user)} AND datname = {literal(name)}",
                f"{name}: the sessions of {user} end, who may not be there",
            )
            yield Transaction((ended,), of=(("user", user),))


def sessions_of_others(comparison: Comparison, users: Collection[str]) -> Iterator[Finding]:
    """Sessions of somebody else that could set themselves to what `users` lose, and stay so."""
    server = comparison.server
    for login in users:
        for other in sorted(server.members_of(login) & comparison.others & server.sessions):
            yield Finding(
                f"{other} is not managed here, and could act as {login}, which loses something:"
                f" what a session of {other} set itself to by that, it stays until it is ended"
            )
