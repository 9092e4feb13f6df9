"""What is in one database."""

from dataclasses import dataclass

from database_users.postgres.privileges import Acl, Grant, Kind


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Objects of one kind, schema and owner with the same access control list.

    `names` are bare names, save for routines: there each is the server's own quoted signature.
    """

    kind: Kind
    schema: str | None
    owner: str
    acl: Acl
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DefaultPrivileges:
    """What objects that `role` will create grant to others, in `schema` or in every one."""

    role: str
    schema: str | None
    kind: Kind
    acl: Acl


@dataclass(frozen=True, slots=True)
class Contents:
    """One database's objects and default privileges."""

    objects: tuple[ObjectGroup, ...]
    defaults: tuple[DefaultPrivileges, ...] = ()


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
