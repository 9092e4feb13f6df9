"""One declared database: whose its objects are and come to be, and what each level may."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from database_users.desired import Database
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import (
    NONE,
    PUBLIC,
    Acl,
    Kind,
    held,
    level_privileges,
)


@dataclass(frozen=True)
class Inside:
    """A declared database in a comparison, and what follows for what is inside of it."""

    comparison: Comparison
    database: Database

    @cached_property
    def moved(self) -> tuple[str, ...]:
        """The roles whose objects come to belong to the owner role."""
        from_roles = self.comparison.strays | set(self.database.old_owners)
        return tuple(
            sorted(role for role in self._owning & from_roles if self.comparison.can_act_as(role))
        )

    @cached_property
    def stuck(self) -> tuple[str, ...]:
        """The old owners whose objects cannot be taken over."""
        return tuple(sorted(self._owning & set(self.database.old_owners) - set(self.moved)))

    @cached_property
    def _owning(self) -> frozenset[str]:
        holdings = self.comparison.server.holdings_by_database.get(self.database.name, ())
        return frozenset(holding.role for holding in holdings if holding.owns)

    @cached_property
    def _database_owner(self) -> str:
        return self.comparison.owner_of(self.database.name)

    def owner_now(self, owner: str) -> str:
        """The role that `owner` in a catalog stands for."""
        return self._database_owner if owner == "pg_database_owner" else owner

    def owner_then(self, owner: str) -> str:
        """The role to which belongs what is `owner`'s, once the plan has run."""
        now = self.owner_now(owner)
        moves = now in self.moved or (now in self._owning and now in self.comparison.removed)
        return self.database.owner if moves else now

    def wanted(self, kind: Kind) -> Mapping[str, frozenset[str]]:
        """What each group role is to have on objects of `kind`."""
        return self._wanted[kind]

    @cached_property
    def _wanted(self) -> Mapping[Kind, Mapping[str, frozenset[str]]]:
        version = self.comparison.server.version
        kinds: tuple[Kind, ...] = ("schema", "table", "column", "sequence", "routine", "type")
        return {
            kind: {
                group: level_privileges(level, kind, version)
                for group, level, _ in self.database.groups
            }
            for kind in kinds
        }

    def allowed(self, kind: Kind, owner: str) -> Mapping[str, frozenset[str]]:
        """What each of our roles, and PUBLIC, may have at the most on what is `owner`'s."""
        wanted = self.wanted(kind)
        everyone = NONE if owner == self.database.owner else wanted[self.database.reader]
        return {**wanted, PUBLIC: everyone}

    def lacking(
        self, kind: Kind, acl: Acl, grantees: Sequence[str]
    ) -> Mapping[frozenset[str], list[str]]:
        """Those of `grantees` that lack the same privileges, by what they lack."""
        wanted = self.wanted(kind)
        lacking: defaultdict[frozenset[str], list[str]] = defaultdict(list)
        for grantee in grantees:
            if missing := wanted[grantee] - held(acl, grantee):
                lacking[missing].append(grantee)
        return lacking
