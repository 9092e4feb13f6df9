"""Whose objects come to belong to somebody else: those of removed users and of old owners."""

from collections.abc import Iterator

from database_users.plan import Change, Finding, Planned, Statement, together
from database_users.postgres.acting import acting
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.inside import Inside
from database_users.postgres.sql import identifier


def databases_to_hand_over(comparison: Comparison) -> frozenset[str]:
    """The databases in which a removed user holds something."""
    return frozenset(
        holding.database
        for login in comparison.removed
        for holding in comparison.server.holdings_by_role.get(login, ())
    )


def handed_over(comparison: Comparison, name: str) -> Iterator[Planned]:
    """What removed users hold in `name`: one that cannot be freed of it stops no other."""
    owner = comparison.owner_of(name)
    for login in comparison.removed:
        held = comparison.server.holdings_by_role.get(login, ())
        if any(holding.database == name for holding in held):
            freed = Statement(
                name,
                f"DROP OWNED BY {identifier(login)}",
                f"{name}: {login} has no privilege any more",
            )
            statements = (_reassigned(name, login, owner), freed)
            yield from together(acting(comparison, name, statements), may_fail=True)


def adopted(inside: Inside) -> Iterator[Change]:
    """Gives the objects of old owners, and of our roles that own nothing, to the owner role."""
    name, comparison = inside.database.name, inside.comparison
    for role in inside.moved:
        yield _reassigned(name, role, inside.database.owner)
        for other in comparison.server.databases.values():
            if other.owner == role == comparison.owner_of(other.name):
                yield Statement(
                    name,
                    f"ALTER DATABASE {identifier(other.name)} OWNER TO {identifier(role)}",
                    f"{name}: the database {other.name} stays {role}'s",
                )
    for role in inside.stuck:
        yield Finding(
            f"{name}: the objects of {role} are not taken over: {comparison.server.master} has no"
            f" ADMIN OPTION on {role}"
        )


def _reassigned(name: str, role: str, owner: str) -> Statement:
    return Statement(
        name,
        f"REASSIGN OWNED BY {identifier(role)} TO {identifier(owner)}",
        f"{name}: what {role} owns belongs to {owner} now",
        acts_for=(role, owner),
    )
