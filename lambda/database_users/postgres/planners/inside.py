"""One declared database: whose its objects are and come to be, and what each level may."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from database_users.desired import Database
from database_users.postgres.catalog.contents import Contents, ObjectGroup
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.handover import Handover, leaving
from database_users.postgres.privileges import (
    NONE,
    PUBLIC,
    Acl,
    Kind,
    held,
    level_privileges,
    tolerated,
)


@dataclass(frozen=True)
class Inside:
    """A declared database in a comparison, and what follows for what is inside of it."""

    comparison: Comparison
    database: Database
    contents: Contents

    @cached_property
    def handover(self) -> Handover:
        """What comes to belong to the owner role."""
        return Handover(
            self.comparison,
            self.database.name,
            self.database.owner,
            self.contents,
            leaving(self.comparison, self.database.name),
        )

    def owner_now(self, owner: str) -> str:
        """The role that `owner` in a catalog stands for."""
        return self.handover.owner_now(owner)

    def owner_then(self, group: ObjectGroup) -> str:
        """The role to which the objects of `group` belong, once the plan has run."""
        return self.handover.owner_then(group)

    def wanted(self, kind: Kind) -> Mapping[str, frozenset[str]]:
        """What each group role is to have on objects of `kind`."""
        version = self.comparison.server.version
        return {
            group: level_privileges(level, kind, version)
            for group, level, _ in self.database.groups
        }

    def allowed(self, kind: Kind, owner: str) -> Mapping[str, frozenset[str]]:
        """What each of our roles, and PUBLIC, may have at the most on what is `owner`'s."""
        version = self.comparison.server.version
        reads = level_privileges("read", kind, version)
        everyone = NONE if owner == self.database.owner else reads
        if kind == "language":
            everyone = frozenset({"USAGE"})  # what PostgreSQL gives by itself on a trusted one
        most = {group: tolerated(level, kind, version) for group, level, _ in self.database.groups}
        return {**most, PUBLIC: everyone}

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
