"""What of the privileges on an object is more than is declared, and what stays without it."""

from dataclasses import dataclass
from functools import cached_property

from database_users.postgres.cascade import by_itself, left_after, without
from database_users.postgres.catalog.contents import ObjectGroup
from database_users.postgres.planners.inside import Inside
from database_users.postgres.privileges import NONE, PUBLIC, Acl, Grant


@dataclass(frozen=True)
class Excess:
    """The access control list of `group` beside what the levels may have."""

    inside: Inside
    group: ObjectGroup

    @cached_property
    def now(self) -> str:
        """Who owns the objects."""
        return self.inside.owner_now(self.group.owner)

    @cached_property
    def then(self) -> str:
        """Who owns them once what can be is handed over."""
        return self.inside.owner_then(self.group)

    @cached_property
    def remaining(self) -> Acl:
        """The list once everything is revoked that can be."""
        return left_after(self.group.acl, self.group.owner, self._taken)

    @cached_property
    def with_owner(self) -> Acl:
        """The same, with what the owner left itself of what is its own."""
        own = self.group.owner_has
        return self.remaining if own is None else (*self.remaining, Grant(self.then, own, NONE, ""))

    def grantor(self, grant: Grant) -> str:
        """The role that can take `grant` back."""
        return self.then if grant.grantor == self.group.owner else grant.grantor

    def of(self, grant: Grant) -> tuple[frozenset[str], frozenset[str]]:
        """What is too much of `grant`, and what of the rest may be passed on."""
        grantee = grant.grantee
        if grantee in self.inside.comparison.removed:
            return grant.privileges, NONE
        if grantee in (self.then, self.now) or not self._concerns(grantee):
            return NONE, NONE
        # What an extension gives everyone on its own objects is not held against its owner.
        owner = "" if self.group.keeper else self.then
        allowed = self.inside.allowed(self.group.kind, owner).get(grantee, NONE)
        too_much = grant.privileges - allowed
        return too_much, grant.grantable - too_much

    def kept_by_everyone(self, grant: Grant) -> frozenset[str]:
        """What of a grant to everyone would be too much, and stays, as others live by it."""
        if self._concerns(PUBLIC) or self.group.keeper:
            return NONE
        return grant.privileges - self.inside.allowed(self.group.kind, self.then)[PUBLIC]

    def by_itself(self, grant: Grant) -> Grant:
        """What is left of `grant` when everything but that is revoked: it may go along."""
        return by_itself(grant, self.group.acl, self.group.owner, self._taken)

    def _concerns(self, grantee: str) -> bool:
        if grantee == PUBLIC:
            # What everyone has of somebody else's is not ours to take where others live by it.
            return not self.inside.comparison.lived_in or self.then == self.inside.database.owner
        return grantee in self.inside.comparison.managed

    def _taken(self, grant: Grant) -> Grant:
        keeps = grant.grantee == PUBLIC and self.group.keeper
        if keeps or not self.inside.comparison.can_act_as(self.grantor(grant)):
            return grant
        return without(grant, *self.of(grant))
