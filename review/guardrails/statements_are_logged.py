"""Every server's log names each session and each statement."""

from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.guardrails.tls import parameter_group

# "Parameters that affect logging behavior"; log_connections is a list since PostgreSQL 18.
SAYING = {
    "log_connections": ("1", "on", "true", "receipt,authentication,authorization", "all"),
    "log_disconnections": ("1", "on", "true"),
    "log_statement": ("all",),
}


def violations(subject: Subject) -> Iterator[Violation]:
    """Each parameter of PostgreSQL by which a server leaves something out."""
    for server in subject.access.servers:
        one = server.resource
        if one is None or "postgres" not in str(one.properties.get("Engine")):
            continue
        group = parameter_group(one, subject.access.assembly)
        parameters: Mapping[str, Any] = group.mapping("Parameters") if group else {}
        for name, values in SAYING.items():
            said = parameters.get(name)
            if str(said).lower() not in values:
                yield Violation(
                    message=f"{server.name} does not log all that an audit asks for: {name} is "
                    f"{'not set' if said is None else said}",
                    resource=group or one,
                )
