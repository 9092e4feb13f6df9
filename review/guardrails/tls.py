"""No server takes a session without TLS."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.templates.assembly import Assembly, Resource

# RDS's parameter for PostgreSQL, and that of MySQL and MariaDB.
FORCING = ("rds.force_ssl", "require_secure_transport")
PARAMETER_GROUPS = {
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server whose parameters do not force it."""
    for server in subject.access.servers:
        if server.resource and not forces_tls(server.resource, subject.access.assembly):
            yield Violation(
                message=f"{server.name} takes sessions without TLS: its parameter group does not "
                f"set rds.force_ssl to 1",
                resource=server.resource,
            )


def forces_tls(one: Resource, assembly: Assembly) -> Resource | None:
    """The parameter group of a server that forces it, if there is one."""
    group = parameter_group(one, assembly)
    parameters: Mapping[str, Any] = group.mapping("Parameters") if group else {}
    forced = any(str(parameters.get(name)).lower() in ("1", "on") for name in FORCING)
    return group if forced else None


def parameter_group(one: Resource, assembly: Assembly) -> Resource | None:
    """The parameter group of a server, if it is made here."""
    named = [one.properties.get(key) for key in PARAMETER_GROUPS.values()]
    groups = assembly.of_type(*PARAMETER_GROUPS)
    return next((group for group in groups if group.attribute(None) in named), None)
