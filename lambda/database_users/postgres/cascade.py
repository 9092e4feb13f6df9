"""What stays of an access control list after some of it is revoked with CASCADE."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from database_users.postgres.privileges import NONE, Acl, Grant


def without(grant: Grant, privileges: frozenset[str], grantable: frozenset[str] = NONE) -> Grant:
    """`grant` less `privileges`, and less the grant option for `grantable`."""
    return replace(
        grant,
        privileges=grant.privileges - privileges,
        grantable=grant.grantable - privileges - grantable,
    )


def left_after(acl: Acl, owner: str, taken: Callable[[Grant], Grant]) -> Acl:
    """The list of `owner`'s thing once each grant is what `taken` makes of it.

    With a grant option goes what was passed on by it (PostgreSQL manual, "REVOKE").
    """
    before, left = _options(acl), tuple(map(taken, acl))
    while True:
        options = _options(left)
        then = tuple(
            grant
            if grant.grantor == owner
            else without(grant, before[grant.grantor] - options[grant.grantor])
            for grant in left
        )
        if then == left:
            return tuple(grant for grant in left if grant.privileges)
        left = then


def _options(acl: Acl) -> defaultdict[str, frozenset[str]]:
    """What each grantee may pass on."""
    options: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for grant in acl:
        options[grant.grantee] |= grant.grantable
    return options


def by_itself(grant: Grant, acl: Acl, owner: str, taken: Callable[[Grant], Grant]) -> Grant:
    """What is left of `grant` once every other one is what `taken` makes of it."""
    if grant.grantor == owner:
        return grant
    left = left_after(acl, owner, lambda one: one if one is grant else taken(one))
    pair = grant.grantee, grant.grantor
    nothing = without(grant, grant.privileges)
    return next((one for one in left if (one.grantee, one.grantor) == pair), nothing)
