"""A function is told of the databases, roles and users that are declared, and of no others."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.declared import DeclaredDatabase
from review.guardrails.subject import Subject, Violation
from review.templates.assembly import Resource
from review.templates.servers import LEVELS, Server, steps, told_databases


def violations(subject: Subject) -> Iterator[Violation]:
    """Each database, role, user or limit that the function would take and nobody declared."""
    access = subject.access
    for server, one in steps(access.assembly, access.servers):
        for wrong in _wrong(server, one, subject):
            yield Violation(message=f"the function of {server.name} {wrong}", resource=one)


def _wrong(server: Server, one: Resource, subject: Subject) -> Iterator[str]:
    declared = subject.declared.databases.get(server.name, {})
    prefix = one.properties.get("Prefix", "")
    if prefix != subject.declared.prefix:
        own = f"the prefix {prefix}" if prefix else "no prefix"
        yield f"takes the users with {own} for its own"
    for database in told_databases(one):
        name = str(database["Name"])
        known = declared.get(name)
        if known is None:
            yield f"is told of the database {name}, which nobody declared"
        else:
            yield from _of_a_database(name, database, known)
            # Whom the first step is told of, the matrix compares; none is removed who is observed.
            if "Step" in one.properties and not server.observed:
                yield from _of_its_users(server, name, database, subject)


def _of_a_database(
    name: str, database: Mapping[str, Any], known: DeclaredDatabase
) -> Iterator[str]:
    for role, expected in known.roles.items():
        if database[role] != expected:
            yield f"takes {database[role]} for the {role.lower()} of {name}, which is {expected}"
    for owner in sorted(_texts(database.get("OldOwners")) - {*known.old_owners}):
        yield f"hands what {owner} owns to the owner of {name}, which nobody declared"
    for user in sorted(_texts(database.get("Retiring")) - {*known.other_levels}):
        yield f"lets {user} of {name} stay, which nobody declared"
    limit = str(database.get("ConnectionLimit"))
    if limit != str(known.connection_limit):
        yield f"gives users of {name} {limit} connections, which are {known.connection_limit}"


def _of_its_users(
    server: Server, name: str, database: Mapping[str, Any], subject: Subject
) -> Iterator[str]:
    granted = [
        one for one in subject.declared.grants if (one.server, one.database) == (server.name, name)
    ]
    for level in LEVELS:
        expected = {one.user for one in granted if one.level == level}
        for user in sorted(_texts(database.get(level.title())) ^ expected):
            what = "leaves out" if user in expected else "lets stay"
            yield f"{what} {user}, who may {level} {name}, when it removes the others"


def _texts(listed: Any) -> frozenset[str]:
    return frozenset(map(str, listed or ()))
