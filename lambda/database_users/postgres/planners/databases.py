"""What to do to the databases as wholes: which there are, whose they are, who may connect."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from database_users.desired import Database
from database_users.plan import (
    Change,
    Finding,
    Planned,
    Statement,
    Subjects,
    Transaction,
    as_one,
    together,
)
from database_users.postgres.acting import acting, grants_as
from database_users.postgres.cascade import by_itself, left_after, without
from database_users.postgres.catalog.server import ExistingDatabase
from database_users.postgres.comparison import Comparison
from database_users.postgres.privileges import NONE, PUBLIC, Acl, Grant, held
from database_users.postgres.sql import identifier, identifiers
from database_users.postgres.statements import (
    HOME,
    VERBS,
    grantee_name,
    grantee_sql,
    server_wide,
    words,
)

CONNECT = frozenset({"CONNECT"})
WRITE_ON_DATABASE = frozenset({"CONNECT", "TEMPORARY"})  # loads go by way of temporary tables
ALL_ON_DATABASE = frozenset({"CONNECT", "CREATE", "TEMPORARY"})


def closed_databases(comparison: Comparison) -> Iterator[Planned]:
    """Takes CONNECT and the rest from everyone who is not declared to have it."""
    existing = comparison.server.databases.values()
    yield from _each(comparison, existing, _closed)


def _each(
    comparison: Comparison,
    databases: Iterable[ExistingDatabase],
    changes: Callable[[Comparison, ExistingDatabase], Iterator[Change]],
) -> Iterator[Planned]:
    """The `changes` to each database by itself.

    Those of the master's own that are new here are done as one: nobody can be in the way of that.
    """
    new: list[ExistingDatabase] = []
    for existing in databases:
        if _is_new(comparison, existing):
            new.append(existing)
        else:
            yield from _of(comparison, existing, changes(comparison, existing))
    yield from as_one(
        chain.from_iterable(_of(comparison, one, changes(comparison, one)) for one in new)
    )


def _is_new(comparison: Comparison, existing: ExistingDatabase) -> bool:
    declared, server = comparison.declared.get(existing.name), comparison.server
    return (
        declared is not None
        and declared.roles.isdisjoint(server.roles)
        and (existing.owner == server.master or existing.name not in server.databases)
    )


def _of(
    comparison: Comparison, existing: ExistingDatabase, changes: Iterable[Change]
) -> Iterator[Planned]:
    """`changes` to the database `existing`, by themselves."""
    owners = (existing.owner, comparison.owner_of(existing.name))
    yield from together(
        changes,
        of=(("database", existing.name),),
        rivals=comparison.rivals(*owners),
    )


def _closed(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Change]:
    changes = tuple(_revoked(comparison, existing))
    yield from (change for change in changes if isinstance(change, Finding))
    statements = [change for change in changes if isinstance(change, Statement)]
    if statements and (existing.name in comparison.declared or existing.name == HOME):
        yield from _shut_out(comparison, existing)
        statements += _kept_open(comparison, existing)
    # Another grantor's first: the owner's CASCADE may take its grant option.
    statements.sort(key=lambda statement: statement.role in ("", existing.owner))
    yield from acting(comparison, HOME, statements, prepared=False)


def _revoked(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Change]:
    for listed in existing.acl:
        grant = by_itself(listed, existing.acl, existing.owner, _taken(comparison, existing))
        too_much, may_pass_on = _excess(comparison, existing, grant)
        name, grantor = grantee_name(grant.grantee), grant.grantor
        for verb, excess in (("REVOKE", too_much), ("REVOKE GRANT OPTION FOR", may_pass_on)):
            if not excess:
                continue
            if not comparison.can_act_as(grantor):
                yield Finding(
                    f"{existing.name}: {name} keeps {words(excess)} on the database; only"
                    f" {grantor} can revoke it",
                    (grant.grantee,),
                )
                continue
            role = grants_as(comparison, grantor, existing.acl)
            yield server_wide(
                f"{verb} {words(excess)} ON DATABASE {identifier(existing.name)}"
                f" FROM {grantee_sql(grant.grantee)} CASCADE",
                f"{existing.name}: {name} {VERBS[verb]} {words(excess)} on the database",
                role,
                (role or existing.owner,),
            )


def _excess(
    comparison: Comparison, existing: ExistingDatabase, grant: Grant
) -> tuple[frozenset[str], frozenset[str]]:
    """What is too much of `grant`, and what of the rest may be passed on."""
    too_much = grant.privileges - _allowed(comparison, existing, grant)
    ours = grant.grantee in comparison.managed
    return too_much, grant.grantable - too_much if ours else NONE


def _taken(comparison: Comparison, existing: ExistingDatabase) -> Callable[[Grant], Grant]:
    def taken(grant: Grant) -> Grant:
        if not comparison.can_act_as(grant.grantor):
            return grant
        return without(grant, *_excess(comparison, existing, grant))

    return taken


def _remaining(comparison: Comparison, existing: ExistingDatabase) -> Acl:
    """The access control list once everything is revoked that can be."""
    return left_after(existing.acl, existing.owner, _taken(comparison, existing))


def admitted(comparison: Comparison, existing: ExistingDatabase) -> frozenset[str]:
    """Who may connect, beside everyone."""
    acl = _remaining(comparison, existing)
    named = {grant.grantee for grant in acl if "CONNECT" in grant.privileges}
    return frozenset(named | {existing.owner, comparison.owner_of(existing.name)})


def _kept_open(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Statement]:
    """The master's own way into the database that it works in."""
    server = comparison.server
    roles = server.privileges_of(server.master)
    if existing.name == HOME and not roles & admitted(comparison, existing):
        yield server_wide(
            f"GRANT CONNECT ON DATABASE {identifier(HOME)} TO CURRENT_USER",
            f"{HOME}: the master may connect, which it could because everyone could",
            acts_for=(existing.owner,),
        )


def _shut_out(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Finding]:
    """Users that are not managed here and could connect only because everyone could."""
    if "CONNECT" not in held(existing.acl, PUBLIC):
        return
    entering = admitted(comparison, existing)
    users = [user for user, roles in comparison.other_users.items() if not entering & roles]
    if users:
        yield Finding(
            f"{existing.name}: {', '.join(sorted(users))} could connect because everyone could,"
            f" and no longer can; whoever shall: GRANT CONNECT ON DATABASE"
            f" {identifier(existing.name)} TO …"
        )


def _allowed(comparison: Comparison, existing: ExistingDatabase, grant: Grant) -> frozenset[str]:
    database = comparison.declared.get(existing.name)
    if grant.grantee == PUBLIC:
        return NONE if existing.name in comparison.closed else grant.privileges
    if grant.grantee not in comparison.managed:
        return grant.privileges
    if database is None or grant.grantee in comparison.removed:
        return NONE
    if grant.grantee == database.owner:
        return ALL_ON_DATABASE
    return _opened_to(database).get(grant.grantee, NONE)


def _opened_to(database: Database) -> Mapping[str, frozenset[str]]:
    """What each role beside the owner role is to have on the database."""
    return {
        database.reader: CONNECT,
        database.writer: WRITE_ON_DATABASE,
        **dict.fromkeys(database.own, CONNECT),
    }


def owned_databases(comparison: Comparison) -> Iterator[Planned]:
    """Hands each database to whom it is to belong."""
    existing = comparison.server.databases.values()
    yield from _each(comparison, existing, _owned)


def _owned(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Change]:
    yield from _let_in(comparison, existing)
    owner = comparison.owner_of(existing.name)
    if owner != existing.owner and comparison.can_act_as(existing.owner):
        yield from acting(comparison, HOME, [handed_over(comparison, existing)])
        # What its owner took from itself is not the next one's either.
        theirs = held(_remaining(comparison, existing), owner)
        if missing := _missing(comparison, existing, owner) - theirs:
            yield from _granted(comparison, existing, missing, [owner])
    database = comparison.declared.get(existing.name)
    if database is not None and owner != database.owner:
        missing = ALL_ON_DATABASE - held(_remaining(comparison, existing), database.owner)
        if missing:
            yield from _granted(comparison, existing, missing, [database.owner])


def handed_over(comparison: Comparison, existing: ExistingDatabase) -> Statement:
    """Gives the database `existing` to whom it is to belong."""
    owner = comparison.owner_of(existing.name)
    return server_wide(
        f"ALTER DATABASE {identifier(existing.name)} OWNER TO {identifier(owner)}",
        f"{existing.name}: the database belongs to {owner}, no longer to {existing.owner}",
        acts_for=(existing.owner,),
    )


def _let_in(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Change]:
    """Undoes what an owner did to its database by which the master cannot enter it."""
    owner, declared = existing.owner, comparison.declared.get(existing.name)
    left = _is_left(comparison, existing)
    if not (declared or left):
        return
    # The users have limits of their own; one of the database keeps the master out, too.
    if existing.connection_limit >= 0 and comparison.can_act_as(owner):
        unlimited = server_wide(
            f"ALTER DATABASE {identifier(existing.name)} CONNECTION LIMIT -1",
            f"{existing.name}: it takes connections, of which its limit was"
            f" {existing.connection_limit:d}",
            acts_for=(owner,),
        )
        yield from acting(comparison, HOME, [unlimited])
    if comparison.owner_of(existing.name) != owner:
        return  # that comes after the next owner has it
    missing = _missing(comparison, existing, owner)
    if missing and (left or owner in comparison.owners):
        yield from _granted(comparison, existing, missing, [owner])


def _is_left(comparison: Comparison, existing: ExistingDatabase) -> bool:
    """Whether somebody who goes holds something there."""
    holdings = comparison.server.holdings_by_database.get(existing.name, ())
    return any(holding.role in comparison.removed for holding in holdings)


def _missing(comparison: Comparison, existing: ExistingDatabase, owner: str) -> frozenset[str]:
    """What of what an `owner` needs the one that there is took from itself."""
    declared = comparison.declared.get(existing.name)
    needed = ALL_ON_DATABASE if declared and declared.owner == owner else CONNECT
    return NONE if existing.left_itself is None else needed - existing.left_itself


def _granted(
    comparison: Comparison,
    existing: ExistingDatabase,
    privileges: frozenset[str],
    grantees: Sequence[str],
) -> Iterator[Change]:
    owner = comparison.owner_of(existing.name)
    if not comparison.can_act_as(owner):
        yield Finding(
            f"{existing.name}: {', '.join(grantees)} lacks {words(privileges)} on the database,"
            f" which belongs to {owner}: {comparison.server.master} has no ADMIN OPTION on {owner}"
        )
        return
    granted = server_wide(
        f"GRANT {words(privileges)} ON DATABASE {identifier(existing.name)}"
        f" TO {identifiers(*grantees)}",
        f"{existing.name}: {', '.join(grantees)} now has {words(privileges)} on the database",
        grants_as(comparison, owner, existing.acl),
        (owner,),
    )
    yield from acting(comparison, HOME, [granted])


def created_databases(comparison: Comparison) -> Iterator[Planned]:
    """Makes each missing database closed to everyone, and opens it only for its own roles.

    Others may have been in template1, and be: what they left there would be in the new one, and
    while they are there, it cannot be copied.
    """
    for database in comparison.databases:
        name = identifier(database.name)
        existing = comparison.server.databases.get(database.name)
        if existing is None:
            created = server_wide(
                f"CREATE DATABASE {name} OWNER {identifier(database.owner)}"
                " TEMPLATE template0 ALLOW_CONNECTIONS false",
                f"the database {database.name} of {database.owner}",
            )
            closed = server_wide(
                f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
                f"{database.name}: everyone (PUBLIC) loses what a new database gives",
            )
            of: Subjects = (("database", database.name),)
            yield Transaction((created,), of=of)
            opened = _allow_connections(database, database.owner)
            yield Transaction((closed, opened), of=of)
        elif not existing.allows_connections:
            owner = comparison.owner_of(database.name)
            opened = acting(comparison, HOME, [_allow_connections(database, owner)])
            yield from _of(comparison, existing, opened)


def _allow_connections(database: Database, owner: str) -> Statement:
    return server_wide(
        f"ALTER DATABASE {identifier(database.name)} ALLOW_CONNECTIONS true",
        f"{database.name}: those who may connect can",
        acts_for=(owner,),
    )


def opened_databases(comparison: Comparison) -> Iterator[Planned]:
    """Lets each database's own roles connect, and writers keep what is of the moment."""
    existing = (
        comparison.server.databases.get(database.name)
        or ExistingDatabase(database.name, database.owner, ())
        for database in comparison.databases
    )
    yield from _each(comparison, existing, _opened)


def _opened(comparison: Comparison, existing: ExistingDatabase) -> Iterator[Change]:
    database = comparison.declared[existing.name]
    lacking: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    acl = _remaining(comparison, existing)
    for grantee, privileges in _opened_to(database).items():
        if missing := privileges - held(acl, grantee):
            lacking[missing].append(grantee)
    for privileges, grantees in lacking.items():
        yield from _granted(comparison, existing, privileges, grantees)
