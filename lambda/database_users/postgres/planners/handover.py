"""What in a database comes to belong to another role, and what cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from database_users.postgres.catalog.contents import Contents, ObjectGroup, Owned
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import PUBLIC, held
from database_users.postgres.sql import identifier

# The server's words for kinds, and those of the statement that changes an owner.
_ALTERED: Mapping[str, str] = {
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
    "statistics object": "STATISTICS",
}
_NO_OBJECTS = frozenset({"default acl", "user mapping"})  # of a role, and nobody else's ever
OWNER_OF_EACH = "pg_database_owner"  # whoever owns the database at hand
_FIRST = ("schema", "table")  # what is in a schema needs it, a table's sequences follow the table


def leaving(comparison: Comparison, name: str) -> frozenset[str]:
    """The roles that are to own nothing in the database `name`, and do own something there."""
    declared = comparison.declared.get(name)

    def leaves(role: str) -> bool:
        return declared is not None and (
            role in declared.old_owners or (role in comparison.managed and role != declared.owner)
        )

    return frozenset(
        holding.role
        for holding in comparison.server.holdings_by_database.get(name, ())
        if holding.role in comparison.removed or (holding.owns and leaves(holding.role))
    )


def keeps_large_objects(comparison: Comparison, name: str, role: str) -> bool:
    """Whether `role` may own large objects in the database `name`: anybody may make them."""
    if role not in comparison.logins:
        return False
    database, level = comparison.logins[role]
    return database.name == name and level != "own"


@dataclass(frozen=True)
class Handover:
    """What `roles` own in the database `name` is to be `owner`'s."""

    comparison: Comparison
    name: str
    owner: str
    contents: Contents
    roles: frozenset[str]

    def owner_now(self, owner: str) -> str:
        """The role that `owner` in a catalog stands for."""
        return self.comparison.owner_of(self.name) if owner == OWNER_OF_EACH else owner

    def owner_then(self, group: ObjectGroup) -> str:
        """The role to which the objects of `group` belong, once what can be is handed over."""
        now = self.owner_now(group.owner)
        if now not in self.roles or group.kind == "foreign-data wrapper":
            return now
        if group.kind == "foreign server":
            return self.owner if group.names[0] in self._moved_servers else now
        name = identifier(group.names[0])
        one = Owned(now, group.kind, group.schema, name, acts=group.acts)
        return now if self._stays(one) or self.hindrance(one) else self.owner

    @cached_property
    def moved(self) -> tuple[Owned, ...]:
        """What is handed over, in the order in which it can be."""
        can_be = (one for one in self.owned if not self.hindrance(one))
        return tuple(sorted(can_be, key=_place))

    @cached_property
    def _moved_servers(self) -> frozenset[str]:
        return frozenset(_bare(one.sql) for one in self.moved if one.kind == "server")

    @cached_property
    def stuck(self) -> tuple[tuple[Owned, str], ...]:
        """What cannot be handed over, and why."""
        return tuple((one, why) for one in self.owned if (why := self.hindrance(one)))

    @cached_property
    def owned(self) -> tuple[Owned, ...]:
        """What is to be handed over."""
        return tuple(
            one
            for one in self.contents.owned
            if one.role in self.roles and one.kind not in _NO_OBJECTS and not self._stays(one)
        )

    def _stays(self, one: Owned) -> bool:
        """Whether it is a large object of a user's own, who could make it anew at once."""
        return one.kind == "large object" and keeps_large_objects(
            self.comparison, self.name, one.role
        )

    def hindrance(self, one: Owned) -> str:
        """Why `one` cannot be handed over, or nothing."""
        if one.hindrance:
            return one.hindrance
        master = self.comparison.server.master
        if not self.comparison.can_act_as(one.role):
            return f"{master} has no ADMIN OPTION on {one.role}"
        if one.schema is not None and not self._may_create_in(one.schema):
            return f"{self.owner} may create nothing in the schema {one.schema}"
        if one.kind in ("schema", "publication", "subscription") and not self._may_create:
            return f"{self.owner} may create nothing in the database"
        if one.acts and self._may_more_than(one.role):
            return f"what it runs would run as {self.owner}"
        if one.needs is not None and not self._may_use(one.needs):
            return f"{self.owner} may not use the foreign-data wrapper {one.needs}"
        if one.kind == "extension" and self._owns_elsewhere(one.role):
            return "with an extension goes all that its owner has in the whole server"
        return ""

    def _may_more_than(self, role: str) -> bool:
        """Whether the new owner may do more than `role`, or it is not known what that may."""
        comparison = self.comparison
        if role in comparison.logins:
            database, level = comparison.logins[role]
            return (database.name, level) != (self.name, "own")
        return role in comparison.groups or self.name not in comparison.declared

    def _may_create_in(self, schema: str) -> bool:
        """Whether the new owner may create in `schema`, or is given that before."""
        for group in self.contents.objects:
            if group.kind == "schema" and schema in group.names:
                now = self.owner_now(group.owner)
                return (
                    now == self.owner
                    or (now in self.roles and self.comparison.can_act_as(now) and self._may_create)
                    or "CREATE" in held(group.acl, self.owner) | held(group.acl, PUBLIC)
                    or self.gives(group)
                )
        return False

    def gives(self, group: ObjectGroup) -> bool:
        """Whether the new owner is given what it may do with the schemas of `group`, before all."""
        now = self.owner_now(group.owner)
        declared = self.name in self.comparison.declared
        return declared and not group.keeper and self.comparison.can_act_as(now)

    @cached_property
    def _may_create(self) -> bool:
        existing = self.comparison.server.databases.get(self.name)
        owner = self.comparison.owner_of(self.name)
        if existing is None or owner == self.owner or self.comparison.can_act_as(owner):
            return True
        return "CREATE" in held(existing.acl, self.owner) | held(existing.acl, PUBLIC)

    def _may_use(self, wrapper: str) -> bool:
        return any(
            "USAGE" in held(group.acl, self.owner) | held(group.acl, PUBLIC)
            or self.owner_now(group.owner) == self.owner
            for group in self.contents.objects
            if group.kind == "foreign-data wrapper" and wrapper in group.names
        )

    def _owns_elsewhere(self, role: str) -> bool:
        server = self.comparison.server
        # The database at hand goes to the same role; what is a managed one's, to others before,
        # but for the database that it is the owner role of.
        managed = role in self.comparison.managed
        keeps_shared = any(
            one.owner == role and (not managed or self.comparison.owner_of(name) == role)
            for name, one in server.databases.items()
            if name != self.name
        ) or (not managed and any(shared.owner == role for shared in server.shared))
        return (
            keeps_shared
            or any(
                "pg_subscription" in holding.owns
                for holding in server.holdings_by_role.get(role, ())
                if holding.database not in ("", self.name)
            )
            or any(
                self.hindrance(one)
                for one in self.contents.owned
                if one.role == role and one.kind != "extension"
            )
        )


_AS_ITS_CALLER = {
    "function": "SECURITY INVOKER",
    "procedure": "SECURITY INVOKER",
    "view": "SET (security_invoker = true)",
}


def disarmed(one: Owned) -> str:
    """The statement by which `one` does what its caller may do, and not its owner, if any does."""
    return f"ALTER {altered(one)} {how}" if (how := _AS_ITS_CALLER.get(one.kind)) else ""


def altered(one: Owned) -> str:
    """The words with which a statement names `one`."""
    return f"{_ALTERED.get(one.kind, one.kind.upper())} {one.sql}"


def _place(one: Owned) -> tuple[int, str, str]:
    place = _FIRST.index(one.kind) if one.kind in _FIRST else len(_FIRST)
    return (len(_FIRST) + 1 if one.kind == "extension" else place, one.kind, one.sql)


def _bare(sql: str) -> str:
    return sql[1:-1].replace('""', '"') if sql.startswith('"') else sql
