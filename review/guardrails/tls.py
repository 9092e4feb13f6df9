"""No server takes a session without TLS."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.templates.assembly import Resource

# RDS's parameter for PostgreSQL, and that of MySQL and MariaDB.
FORCING = ("rds.force_ssl", "require_secure_transport")
_GROUPS = {
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server whose parameters do not force it."""
    groups = subject.access.assembly.of_type(*_GROUPS)
    for server in subject.access.servers:
        one = server.resource
        if one is None:
            continue
        parameters = _parameters(one, groups)
        if not any(str(parameters.get(name)).lower() in ("1", "on") for name in FORCING):
            yield Violation(
                message=f"{server.name} takes sessions without TLS: its parameter group does not "
                f"set rds.force_ssl to 1",
                resource=one,
            )


def _parameters(one: Resource, groups: tuple[Resource, ...]) -> Mapping[str, Any]:
    for group in groups:
        name = group.attribute(None)
        if name in (one.properties.get(key) for key in _GROUPS.values()):
            found: dict[str, Any] = group.properties.get("Parameters") or {}
            return found
    return {}
