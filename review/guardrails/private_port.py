"""No port is open to the internet or to an address that is not declared."""

from collections.abc import Iterator
from ipaddress import ip_network

from review.guardrails.subject import Subject, Violation
from review.paths.handed import texts
from review.templates.network import rules, sources

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
            yield Violation(
                message=f"the port of {server.name} is open to {_named(source)}, which is "
                "not declared",
                resource=opening.resource,
            )
    yield from _further(subject)
    yield from _of_others(subject)


def _of_others(subject: Subject) -> Iterator[Violation]:
    """Each rule that lets addresses in to a group of something else, such as Airflow's."""
    assembly = subject.access.assembly
    known = {one.resource.place for each in subject.access.openings.values() for one in each}
    networks = (str(one.properties.get("CidrBlock")) for one in assembly.of_type("AWS::EC2::VPC"))
    declared = (*subject.declared.ranges, *networks)
    held = {text for one in assembly.resources if not one.type.startswith(RULES)
            for text in texts(one.properties)}  # fmt: skip
    for group in assembly.of_type("AWS::EC2::SecurityGroup"):
        own = group.attribute("GroupId")
        for rule, holder in rules(assembly, own) if own in held else ():
            for source in sources(rule) if holder.place not in known else ():
                if "SourceSecurityGroupId" not in rule and not _declared(source, declared):
                    yield Violation(
                        message=f"{group.construct} is open to {_named(source)}, which is not "
                        "declared",
                        resource=holder,
                    )


def _named(source: str) -> str:
    return "the internet" if source in ("0.0.0.0/0", "::/0") else source


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
                message=f"{one.type} {one.shown} has a security group that may reach "
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
