"""A function is told of the databases, roles and users that are declared, and of no others."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.declared import DeclaredDatabase
from review.guardrails.subject import Subject, Violation
from review.iam.matching import token
from review.templates.assembly import Resource
from review.templates.servers import Server, steps, told_databases

RETIRE = "retire"
USERS, CHECK = "database_users.handler.handle", "drift_check.handler.handle"


def violations(subject: Subject) -> Iterator[Violation]:
    """Each database, role, user or limit that the function would take and nobody declared."""
    access = subject.access
    for server, one in steps(access.assembly, access.servers):
        for wrong in _wrong(server, one, subject):
            yield Violation(message=f"the function of {server.name} {wrong}", resource=one)
    yield from _of_checks(subject)
    yield from _without_an_end(subject)


def _without_an_end(subject: Subject) -> Iterator[Violation]:
    """Each server whose function would not be told to remove who is declared no more."""
    access = subject.access
    ends = {
        (str(one.properties.get("ServiceToken")), str(one.properties.get("Handover")))
        for one in access.assembly.resources
        if one.properties.get("Step") == RETIRE
    }
    for server, one in steps(access.assembly, access.servers):
        end = str(one.properties.get("ServiceToken")), one.attribute("Handover")
        if "Step" not in one.properties and not server.observed and end not in ends:
            yield Violation(
                message=f"nothing tells the function of {server.name} to remove the users that are "
                "declared no more",
                resource=one,
            )


def _of_checks(subject: Subject) -> Iterator[Violation]:
    """Each check that is of something else than what the users' function is told."""
    assembly = subject.access.assembly
    functions = [
        one
        for one in assembly.of_type("AWS::Lambda::Function")
        if one.properties.get("Handler") in (USERS, CHECK)
    ]
    asked = {one.attribute("Arn") for one in functions if one.properties["Handler"] == USERS}
    declaring = {
        one.logical_id.rpartition("/")[2]
        for _, one in steps(assembly, subject.access.servers)
        if "Step" not in one.properties
    }
    for one in functions:
        variables = one.mapping("Environment", "Variables")
        if one.properties["Handler"] == CHECK and not (
            variables.get("RESOURCE") in declaring
            and variables.get("FUNCTION") in asked
            and variables.get("STACK") == token(f"{one.stack.name}/AWS::StackId", kind="?")
        ):
            message = (
                f"the check asks {variables.get('FUNCTION')} about what "
                f"{variables.get('RESOURCE')} of {variables.get('STACK')} declares, which is not "
                "what the users are made of"
            )
            yield Violation(message=message, resource=one)


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


def _texts(listed: Any) -> frozenset[str]:
    return frozenset(map(str, listed or ()))
