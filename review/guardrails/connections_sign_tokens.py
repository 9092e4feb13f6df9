"""Airflow's connections hold no secret, and send a token to their own server over verified TLS."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from review.guardrails.subject import Subject, Violation
from review.iam.matching import has_token
from review.templates.servers import Connection, Server

KEYS = frozenset(("conn_type", "host", "port", "schema", "login", "extra"))
EXTRAS = {
    "postgres": {"iam", "sslmode", "sslrootcert", "sqlalchemy_query", "aws_conn_id"},
    "aws": {"role_arn", "assume_role_kwargs"},
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each connection that is told something else."""
    for one in subject.access.connections:
        for wrong in _wrong(one, subject):
            yield Violation(message=f"the connection {one.name} {wrong}", resource=one.resource)
    known = {one.resource.place for one in subject.access.connections}
    prefixes = tuple(
        f"{one.connections_prefix}/"
        for one in subject.declared.airflows.values()
        if one.connections_prefix
    )
    for one in subject.access.assembly.of_type("AWS::SecretsManager::Secret"):
        name = str(one.properties.get("Name"))
        if one.place not in known and (name.startswith(prefixes) or has_token(name)):
            yield Violation(
                message=f"{name} is where Airflow looks for connections, and its content is none "
                "that can be read",
                resource=one,
            )


def _wrong(connection: Connection, subject: Subject) -> Iterator[str]:
    content = connection.content
    kind = str(content["conn_type"])
    extra = _mapping(content.get("extra"))
    if kind not in EXTRAS:
        yield f"is of the type {kind}, of which nothing is known"
        return
    for name in sorted((content.keys() - KEYS) | (extra.keys() - EXTRAS[kind])):
        yield f"has {name}, which no connection needs that signs its tokens"
    if kind == "aws":
        return
    users = [user for user in subject.access.users if user.name == connection.user]
    # That nobody makes a user is the matrix's to say.
    servers = {user.server for user in users} or {*subject.access.servers}
    if all(content.get("host") not in server.addresses for server in servers):
        yield f"sends {connection.user}'s token to {content.get('host')}, which is not its server"
    elif all(str(content.get("port")) not in _ports(server) for server in servers):
        yield f"sends {connection.user}'s token to port {content.get('port')}, not its server's"
    if extra.get("iam") is not True:
        yield "signs no token: iam is not true"
    for options in (extra, _mapping(extra.get("sqlalchemy_query"))):
        if options.get("sslmode") != "verify-full" or not options.get("sslrootcert"):
            yield "does not verify its server: sslmode is not verify-full with an sslrootcert"
            return


def _ports(server: Server) -> set[str]:
    made = server.resource
    return {server.port, *([made.attribute("Endpoint.Port")] if made else [])}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
