"""What to do inside one database: its objects' privileges, owners and default privileges."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from database_users.desired import Database
from database_users.postgres.catalog import Contents, DefaultPrivileges, ObjectGroup
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import (
    NONE,
    PUBLIC,
    Acl,
    Kind,
    held,
    level_privileges,
    parse_acl,
)
from database_users.postgres.sql import identifier
from database_users.postgres.statements import (
    Statement,
    Statements,
    grantee_name,
    grantee_sql,
    some,
    words,
)

OBJECTS_A_STATEMENT = 200
_KEYWORDS: Mapping[Kind, str] = {
    "schema": "SCHEMA",
    "table": "TABLE",
    "column": "TABLE",
    "sequence": "SEQUENCE",
    "routine": "ROUTINE",
    "type": "TYPE",
}
_VERBS = {
    "GRANT": "now has",
    "REVOKE": "no longer has",
    "REVOKE GRANT OPTION FOR": "may no longer pass on",
}
_Revocation = tuple[bool, str, frozenset[str], str]  # by the owner, verb, privileges, as a role
_FUTURE: tuple[Kind, ...] = ("schema", "table", "sequence", "routine", "type")


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """`hand_over` are transactions of their own, one a removed user; one that fails is reported."""

    hand_over: Mapping[str, Statements]
    statements: Statements
    findings: tuple[str, ...]


def plan_objects(comparison: Comparison, name: str, contents: Contents) -> ObjectPlan:
    """What the database `name`, declared or not, needs."""
    declared = comparison.declared.get(name)
    hand_over = _handed_over(comparison, name)
    if declared is None:
        return ObjectPlan(hand_over, (), ())
    inside = _Inside(comparison, declared)
    statements = tuple(inside.statements(contents))
    return ObjectPlan(
        hand_over,
        comparison.acting_as(inside.acting_as, name, statements),
        tuple(inside.findings()),
    )


def databases_to_hand_over(comparison: Comparison) -> frozenset[str]:
    """The databases in which a removed user holds something."""
    return frozenset(
        holding.database
        for login in comparison.removed
        for holding in comparison.server.holdings_by_role.get(login, ())
    )


def _handed_over(comparison: Comparison, name: str) -> Mapping[str, Statements]:
    owner = comparison.owner_of(name)
    return {
        login: comparison.acting_as(
            [login, owner],
            name,
            (
                _reassigned(name, login, owner),
                Statement(
                    name,
                    f"DROP OWNED BY {identifier(login)}",
                    f"{name}: {login} has no privilege any more",
                ),
            ),
        )
        for login in comparison.removed
        if any(
            holding.database == name
            for holding in comparison.server.holdings_by_role.get(login, ())
        )
    }


def _reassigned(name: str, role: str, owner: str) -> Statement:
    return Statement(
        name,
        f"REASSIGN OWNED BY {identifier(role)} TO {identifier(owner)}",
        f"{name}: what {role} owns belongs to {owner} now",
    )


class _Inside:
    """One declared database, and what its statements turn out to need."""

    def __init__(self, comparison: Comparison, database: Database) -> None:
        self.acting_as: set[str] = set()
        self._comparison = comparison
        self._database = database
        self._database_owner = comparison.owner_of(database.name)
        self._out_of_reach: defaultdict[str, set[str]] = defaultdict(set)
        self._granted_by_others: Counter[tuple[str, str]] = Counter()
        self._others: Counter[str] = Counter()
        owning = {
            holding.role
            for holding in comparison.server.holdings_by_database.get(database.name, ())
            if holding.owns
        }
        self._moved = sorted(
            role
            for role in owning & (comparison.strays | set(database.old_owners))
            if comparison.can_act_as(role)
        )
        self._handed_over = owning & set(comparison.removed)
        self._stuck = sorted(owning & set(database.old_owners) - set(self._moved))

    def statements(self, contents: Contents) -> Iterator[Statement]:
        yield from self._schemas_for_owner(contents)
        for role in self._moved:
            yield from self._adopted(role)
        for group in contents.objects:
            yield from self._less_on_objects(group)
            yield from self._more_on_objects(group)
        yield from self._defaults(contents)

    def findings(self) -> Iterator[str]:
        name = self._database.name
        for role in self._stuck:
            yield (
                f"{name}: the objects of {role} are not taken over: {self._master} has no ADMIN"
                f" OPTION on {role}"
            )
        for owner, objects in sorted(self._out_of_reach.items()):
            yield (
                f"{name}: {len(objects)} objects of {owner} keep the privileges that they have"
                f" ({some(objects)}): {self._master} has no ADMIN OPTION on {owner}"
            )
        for (grantor, grantee), count in sorted(self._granted_by_others.items()):
            yield (
                f"{name}: {grantee} keeps privileges on {count} objects that {grantor} granted and"
                f" only {grantor} can revoke"
            )
        for grantee, count in sorted(self._others.items()):
            yield f"{name}: {grantee} is not managed here and keeps privileges on {count} objects"

    @property
    def _master(self) -> str:
        return self._comparison.server.master

    def _wanted(self, kind: Kind) -> dict[str, frozenset[str]]:
        version = self._comparison.server.version
        return {
            group: level_privileges(level, kind, version)
            for group, level, _ in self._database.groups
        }

    def _owner_now(self, owner: str) -> str:
        return self._database_owner if owner == "pg_database_owner" else owner

    def _owner_then(self, owner: str) -> str:
        now = self._owner_now(owner)
        moves = now in self._moved or now in self._handed_over
        return self._database.owner if moves else now

    def _reach(self, owner: str) -> bool:
        if not self._comparison.can_act_as(owner):
            return False
        self.acting_as.add(owner)
        return True

    def _schemas_for_owner(self, contents: Contents) -> Iterator[Statement]:
        """First of all: a function can be handed to an owner who may create in its schema."""
        owner = self._database.owner
        wanted = self._wanted("schema")[owner]
        for group in contents.objects:
            now = self._owner_now(group.owner)
            missing = wanted - held(group.acl, owner)
            if group.kind == "schema" and now != owner and missing:
                if self._reach(now):
                    role = self._comparison.grants_as(now, group.acl)
                    yield from self._on_objects("GRANT", missing, group, [owner], role)
                else:
                    self._out_of_reach[group.owner].update(group.names)

    def _adopted(self, role: str) -> Iterator[Statement]:
        name, owner = self._database.name, self._database.owner
        self._reach(role)
        yield _reassigned(name, role, owner)
        for other in self._comparison.server.databases.values():
            if other.owner == role == self._comparison.owner_of(other.name):
                yield Statement(
                    name,
                    f"ALTER DATABASE {identifier(other.name)} OWNER TO {identifier(role)}",
                    f"{name}: the database {other.name} stays {role}'s",
                )

    def _less_on_objects(self, group: ObjectGroup) -> Iterator[Statement]:
        now, then = self._owner_now(group.owner), self._owner_then(group.owner)
        allowed = self._allowed(group.kind, then)
        excess: defaultdict[_Revocation, list[str]] = defaultdict(list)
        for grant in group.acl:
            if grant.grantee in (then, now) or grant.grantee in self._comparison.removed:
                continue
            if grant.grantee != PUBLIC and grant.grantee not in self._comparison.managed:
                self._others[grant.grantee] += len(group.names)
                continue
            too_much = grant.privileges - allowed.get(grant.grantee, NONE)
            may_pass_on = grant.grantable - too_much
            by_owner = grant.grantor == group.owner
            if not (too_much or may_pass_on) or (
                not by_owner and grant.grantor in self._comparison.managed
            ):
                continue  # what a managed role passed on goes with its grant option
            grantor = then if by_owner else grant.grantor
            if not self._reach(grantor):
                if by_owner:
                    self._out_of_reach[group.owner].update(group.names)
                else:
                    count = self._granted_by_others
                    count[grantor, grantee_name(grant.grantee)] += len(group.names)
                continue
            role = self._comparison.grants_as(grantor, group.acl)
            for verb, privileges in (
                ("REVOKE", too_much),
                ("REVOKE GRANT OPTION FOR", may_pass_on),
            ):
                if privileges:
                    excess[by_owner, verb, privileges, role].append(grant.grantee)
        # Another grantor's first: the owner's CASCADE may take its grant option.
        for revocation in sorted(excess, key=lambda revocation: revocation[:2]):
            _, verb, privileges, role = revocation
            yield from self._on_objects(verb, privileges, group, excess[revocation], role)

    def _more_on_objects(self, group: ObjectGroup) -> Iterator[Statement]:
        if group.kind == "column":
            return  # the table's own privileges say it
        then = self._owner_then(group.owner)
        grantees = [self._database.reader, self._database.writer]
        if group.kind != "schema":  # that is done first of all
            grantees.append(self._database.owner)
        others = [grantee for grantee in grantees if grantee != then]
        for privileges, lacking in self._lacking(group.kind, group.acl, others).items():
            if self._reach(then):
                role = self._comparison.grants_as(then, group.acl)
                yield from self._on_objects("GRANT", privileges, group, lacking, role)
            elif not privileges <= held(group.acl, PUBLIC):
                self._out_of_reach[group.owner].update(group.names)

    def _allowed(self, kind: Kind, owner: str) -> Mapping[str, frozenset[str]]:
        """What each of our roles, and PUBLIC, may have at the most on what is `owner`'s."""
        wanted = self._wanted(kind)
        everyone = NONE if owner == self._database.owner else wanted[self._database.reader]
        return wanted | {PUBLIC: everyone}

    def _lacking(
        self, kind: Kind, acl: Acl, grantees: Sequence[str]
    ) -> Mapping[frozenset[str], list[str]]:
        """Those of `grantees` that lack the same privileges, by what they lack."""
        wanted = self._wanted(kind)
        lacking: defaultdict[frozenset[str], list[str]] = defaultdict(list)
        for grantee in grantees:
            if missing := wanted[grantee] - held(acl, grantee):
                lacking[missing].append(grantee)
        return lacking

    def _on_objects(
        self,
        verb: str,
        privileges: frozenset[str],
        group: ObjectGroup,
        grantees: Sequence[str],
        role: str,
    ) -> Iterator[Statement]:
        name = self._database.name
        ordered = sorted(privileges)
        names = group.names
        if group.kind == "column":
            table, column = group.names
            names = (table,)
            ordered = [f"{privilege} ({identifier(column)})" for privilege in ordered]
        gives = verb == "GRANT"
        to = ", ".join(map(grantee_sql, grantees))
        for start in range(0, len(names), OBJECTS_A_STATEMENT):
            some_names = names[start : start + OBJECTS_A_STATEMENT]
            what = f"{group.kind}s" if len(some_names) > 1 else group.kind
            where = f" in {group.schema}" if group.schema else ""
            yield Statement(
                name,
                f"{verb} {', '.join(ordered)} ON {_KEYWORDS[group.kind]}"
                f" {', '.join(_qualified(group, item) for item in some_names)}"
                f" {'TO' if gives else 'FROM'} {to}{'' if gives else ' CASCADE'}",
                f"{name}: {', '.join(map(grantee_name, grantees))}"
                f" {_VERBS[verb]} {words(privileges)} on the {what}"
                f" {some(some_names)}{where}",
                role,
            )

    def _defaults(self, contents: Contents) -> Iterator[Statement]:
        owner = self._database.owner
        rows = {(row.role, row.schema, row.kind): row for row in contents.defaults}
        for kind in _FUTURE:
            row = rows.pop(
                (owner, None, kind),
                DefaultPrivileges(owner, None, kind, parse_acl(None, kind, owner)),
            )
            yield from self._less_by_default(row)
            both = (self._database.reader, self._database.writer)
            for privileges, lacking in self._lacking(kind, row.acl, both).items():
                yield self._by_default("GRANT", privileges, row, lacking)
        for row in rows.values():
            yield from self._less_by_default(row)

    def _less_by_default(self, row: DefaultPrivileges) -> Iterator[Statement]:
        allowed = self._allowed(row.kind, row.role)
        for grant in row.acl:
            grantee = grant.grantee
            if grantee != PUBLIC and (
                grantee not in self._comparison.managed or grantee in self._comparison.removed
            ):
                continue
            if row.role in self._comparison.removed:
                continue
            excess = grant.privileges - allowed.get(grantee, NONE)
            may_pass_on = grant.grantable - excess
            if (excess or may_pass_on) and not self._reach(row.role):
                self._out_of_reach[row.role].add(f"default privileges on {row.kind}s")
                continue
            if excess:
                yield self._by_default("REVOKE", excess, row, [grantee])
            if may_pass_on:
                yield self._by_default("REVOKE GRANT OPTION FOR", may_pass_on, row, [grantee])

    def _by_default(
        self,
        verb: str,
        privileges: frozenset[str],
        row: DefaultPrivileges,
        grantees: Sequence[str],
    ) -> Statement:
        name = self._database.name
        gives = verb == "GRANT"
        where = f" IN SCHEMA {identifier(row.schema)}" if row.schema else ""
        option = verb.removeprefix("REVOKE").strip()
        return Statement(
            name,
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {identifier(row.role)}{where}"
            f" {'GRANT' if gives else f'REVOKE {option}'.strip()} {words(privileges)}"
            f" ON {_KEYWORDS[row.kind]}S {'TO' if gives else 'FROM'}"
            f" {', '.join(map(grantee_sql, grantees))}",
            f"{name}: {', '.join(map(grantee_name, grantees))}"
            f" {_VERBS[verb]} {words(privileges)} on every {row.kind} that"
            f" {row.role} will create" + (f" in {row.schema}" if row.schema else ""),
        )


def _qualified(group: ObjectGroup, name: str) -> str:
    if group.kind == "routine":
        return name  # quoted by the server
    return (
        identifier(name)
        if group.schema is None
        else f"{identifier(group.schema)}.{identifier(name)}"
    )
