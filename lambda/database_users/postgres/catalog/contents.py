"""What is in one database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, Self

from database_users.postgres.privileges import Acl, Grant, Kind

Keeper = Literal["", "an extension", "the server"]


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Objects of one kind, schema and owner with the same access control list.

    `names` are bare names, save for routines: there each is a signature that the server quoted.
    Columns are those of the one table that is named.
    What a `keeper` made is its own: nothing is given on it, and what everyone has stays. An owner
    may have taken something from itself: `owner_has` the rest, or everything where that is `None`.
    Who calls a `definer` does what its owner may do. Code in what `acts` runs as its owner
    whoever that is, and whoever wrote it.
    """

    kind: Kind
    schema: str | None
    owner: str
    acl: Acl
    names: tuple[str, ...]
    keeper: Keeper = ""
    columns: tuple[str, ...] = ()
    owner_has: frozenset[str] | None = None
    definer: bool = False
    acts: bool = False

    def parted(self, objects: int) -> Iterator[Self]:
        """The same in groups of so many `objects` at the most."""
        if len(self.names) <= objects:
            yield self
            return
        for start in range(0, len(self.names), objects):
            yield replace(self, names=self.names[start : start + objects])


@dataclass(frozen=True, slots=True)
class DefaultPrivileges:
    """What objects that `role` will create grant to others, in `schema` or in every one."""

    role: str
    schema: str | None
    kind: Kind
    acl: Acl


@dataclass(frozen=True, slots=True)
class Owned:
    """A thing of `role`, of any kind that has an owner, to be named by `sql` in a statement.

    `kind` is the server's own word for it, `hindrance` why it can come to nobody else. `needs` is
    the foreign-data wrapper that its owner must be allowed to use. Code in it `acts` as its owner,
    whoever that is.
    """

    role: str
    kind: str
    schema: str | None
    sql: str
    hindrance: str | None = None
    needs: str | None = None
    acts: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """`role` is in a policy, or on the list of something temporary, of `owner`.

    Nobody takes it out of there but the owner; a temporary thing goes with its session.
    """

    role: str
    owner: str


@dataclass(frozen=True, slots=True)
class EventTrigger:
    """`name` runs `function`, which `owner` may rewrite, as whoever gives a command."""

    name: str
    function: str
    owner: str


@dataclass(frozen=True, slots=True)
class Contents:
    """One database's objects and default privileges, and what belongs to roles that leave."""

    objects: tuple[ObjectGroup, ...]
    defaults: tuple[DefaultPrivileges, ...] = ()
    owned: tuple[Owned, ...] = ()
    mentions: tuple[Mention, ...] = ()
    event_triggers: tuple[EventTrigger, ...] = ()

    def parted(self, objects: int) -> Self:
        """The same, with so many objects in a group at the most."""
        return replace(
            self, objects=tuple(chain.from_iterable(one.parted(objects) for one in self.objects))
        )


NEW_DATABASE = Contents(
    (
        ObjectGroup(
            "schema",
            None,
            "pg_database_owner",
            (Grant("", frozenset({"USAGE"}), frozenset(), "pg_database_owner"),),
            ("public",),
        ),
    )
)
