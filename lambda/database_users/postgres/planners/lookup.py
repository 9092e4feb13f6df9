"""Lends whoever runs a statement the USAGE on a schema without which it finds nothing there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby

from database_users.plan import Change, Finding, Statement
from database_users.postgres.acting import grants_as
from database_users.postgres.catalog.contents import ObjectGroup
from database_users.postgres.planners.handover import Handover
from database_users.postgres.privileges import PUBLIC, Acl, held
from database_users.postgres.sql import identifier

_NAMES = re.compile(r'"((?:[^"]|"")*)"(\.)?|([a-z_][a-z0-9_]*)(\.)?')  # in quotes, or simple


def lent(
    handover: Handover,
    changes: Iterable[Change],
    later: Callable[[ObjectGroup], Acl] = lambda schema: schema.acl,
    keeps: tuple[str, ...] = (),
) -> Iterator[Change]:
    """`changes`, with what their statements need for a moment; a finding where it is not to be had.

    The owner of a table may have no USAGE on its schema, nor whoever granted something on it once.
    `later` is a schema's access control list after `changes`. What is left out keeps the users
    `keeps`.
    """
    lookup = _Lookup(handover, later, keeps)

    @cache
    def closed_to(role: str, acts_for: tuple[str, ...]) -> tuple[str, ...]:
        roles = lookup.roles(role, acts_for)
        return tuple(name for name in lookup.schemas if not lookup.is_open(name, roles))

    def closed(change: Change) -> tuple[str, tuple[str, ...]]:
        if isinstance(change, Finding):
            return "", ()
        schemas = closed_to(change.role, change.acts_for)
        named = _qualifiers(change.sql) if schemas else ()
        return change.role, tuple(name for name in schemas if name in named)

    for (role, names), some in groupby(changes, closed):
        out_of_reach = [name for name in names if not lookup.can_lend(name)]
        if out_of_reach:
            yield lookup.left_out(role, out_of_reach[0], tuple(some))
        else:
            yield from (lookup.lends("GRANT", name, role) for name in names)
            yield from some
            yield from (lookup.lends("REVOKE", name, role) for name in names)


def _qualifiers(sql: str) -> frozenset[str]:
    """The names that a dot follows, schemas among them; what is within a name is none."""
    found = (name.groups() for name in _NAMES.finditer(sql))
    return frozenset(
        simple or quoted.replace('""', '"') for quoted, after, simple, dot in found if after or dot
    )


@dataclass(frozen=True)
class _Lookup:
    """Who finds what is in which schema of a database."""

    handover: Handover
    later: Callable[[ObjectGroup], Acl]
    keeps: tuple[str, ...]

    @cached_property
    def schemas(self) -> Mapping[str, ObjectGroup]:
        groups = self.handover.contents.objects
        return {name: one for one in groups if one.kind == "schema" for name in one.names}

    def roles(self, role: str, acts_for: tuple[str, ...]) -> frozenset[str]:
        """Whose privileges the statement has."""
        comparison = self.handover.comparison
        have = map(comparison.server.privileges_of, (role,) if role else acts_for)
        return frozenset[str]().union(() if role else comparison.acts_as, *have)

    def is_open(self, schema: str, roles: frozenset[str]) -> bool:
        group = self.schemas[schema]
        now, then = self.handover.owner_now(group.owner), self.handover.owner_then(group)
        owners = {then, group.owner} if now == then else {then}
        if owners & roles and (group.owner_has is None or "USAGE" in group.owner_has):
            return True
        if self.handover.owner in roles and self.handover.gives(group):
            return True
        return all(
            any("USAGE" in held(acl, one) for one in (PUBLIC, *roles))
            for acl in (group.acl, self.later(group))
        )

    def can_lend(self, schema: str) -> bool:
        owner = self.handover.owner_then(self.schemas[schema])
        return self.handover.comparison.can_act_as(owner)

    def lends(self, verb: str, schema: str, role: str) -> Statement:
        group, name = self.schemas[schema], self.handover.name
        owner = self.handover.owner_then(group)
        word, finds = ("TO", "finds") if verb == "GRANT" else ("FROM", "no longer finds")
        return Statement(
            name,
            f"{verb} USAGE ON SCHEMA {identifier(schema)}"
            f" {word} {identifier(role) if role else 'CURRENT_USER'}",
            f"{name}: {role or 'the master'} {finds} what is in {schema}, in this transaction",
            grants_as(self.handover.comparison, owner, group.acl),
            (owner,),
        )

    def left_out(self, role: str, schema: str, statements: tuple[Change, ...]) -> Finding:
        master = self.handover.comparison.server.master
        owner = self.handover.owner_then(self.schemas[schema])
        return Finding(
            f"{self.handover.name}: {len(statements)} statements are left out, as {role or master}"
            f" has no USAGE on the schema {schema} and {master} no ADMIN OPTION on its owner"
            f" {owner}; the first: {statements[0].sentence}",
            self.keeps,
        )
