"""A server's port is open to what logs in from here and to declared clients alone."""

from collections.abc import Iterator
from ipaddress import ip_network

from review.guardrails.subject import Subject, Violation
from review.paths.handed import texts

# They name a group as the source or the target of a rule.
RULES = ("AWS::EC2::SecurityGroup",)


def violations(subject: Subject) -> Iterator[Violation]:
    """Each rule that opens it further, and each server with a public address."""
    for server in subject.access.servers:
        for one in server.instances:
            if one.properties.get("PubliclyAccessible") not in (False, "false"):
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
    yield from _further(subject)


def _further(subject: Subject) -> Iterator[Violation]:
    """Whatever else has a group of what logs in, and so reaches each port that it does."""
    opened = {one.source for each in subject.access.openings.values() for one in each}
    groups = subject.groups & opened
    known = {
        one.place for identity in subject.connecting for one in subject.labels.runs_with(identity)
    }
    for one in subject.access.assembly.resources:
        if one.place in known or one.type.startswith(RULES):
            continue
        if groups & {*texts(one.properties)}:
            yield Violation(
                message=f"{one.type} {one.path or one.place} has a security group that may reach "
                "a server's port, and is no declared client",
                resource=one,
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
