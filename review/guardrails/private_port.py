"""A server's port is open to what logs in from here and to declared clients alone."""

from collections.abc import Iterator
from ipaddress import ip_network

from review.guardrails.subject import Subject, Violation


def violations(subject: Subject) -> Iterator[Violation]:
    """Each rule that opens it further, and each server with a public address."""
    for server in subject.access.servers:
        one = server.resource
        if one and one.properties.get("PubliclyAccessible") not in (False, "false"):
            yield Violation(
                message=f"{server.name} has a public address, or none said to be absent",
                resource=one,
            )
        for opening in subject.access.openings[server.resource_id]:
            source = opening.source
            own = subject.declared.reached_from.get(server.name, ())
            if source in subject.groups or _declared(source, (*subject.declared.ranges, *own)):
                continue
            who = "the internet" if source in ("0.0.0.0/0", "::/0") else source
            yield Violation(
                message=f"the port of {server.name} is open to {who}, which is not declared",
                resource=opening.resource,
            )


def _declared(source: str, ranges: tuple[str, ...]) -> bool:
    if source in ranges:
        return True
    try:
        wanted = ip_network(source)
    except ValueError:
        return False
    return any(
        wanted.version == one.version and wanted.subnet_of(one)  # pyright: ignore[reportArgumentType]
        for one in (ip_network(each) for each in ranges if "/" in each)
    )
