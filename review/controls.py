"""Which control of SOC 2 and ISO 27001 what in the templates is evidence of, and no more."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from review.guardrails.tls import PARAMETER_GROUPS, forces_tls
from review.matrix.labels import place
from review.matrix.model import Evidence, Matrix
from review.templates.access import Access
from review.templates.alarms import watched
from review.templates.assembly import Resource
from review.templates.servers import MASTER


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a resource shows of a control, or shows to be missing."""

    at: Evidence
    met: bool = True


@dataclass(frozen=True, kw_only=True)
class Control:
    """A control, and what of it the templates show."""

    name: str
    """Its number in its standard."""
    asks: str
    """What it asks for, in our words."""
    evidence: Sequence[Evidence]
    """The resources and their settings; empty if the templates show nothing of it."""
    missing: Sequence[Evidence]
    """The resources that lack a setting which others are evidence by."""


def controls(access: Access, matrix: Matrix) -> list[Control]:
    """Every control that access to data is about, with its evidence here."""
    found: list[Control] = []
    for name, asks, sources in _CONTROLS:
        shown = [one for source in sources for one in source(access, matrix)]
        found.append(
            Control(
                name=name,
                asks=asks,
                evidence=list(dict.fromkeys(one.at for one in shown if one.met)),
                missing=list(dict.fromkeys(one.at for one in shown if not one.met)),
            )
        )
    return found


Source = Callable[[Access, Matrix], Iterator[Shown]]


def _servers(access: Access) -> Iterator[Resource]:
    for server in access.servers:
        if server.resource:
            yield server.resource


def _instances(access: Access) -> Iterator[Resource]:
    """Each server, and of a cluster its instances in its place."""
    for server in access.servers:
        yield from server.instances


def _setting(
    key: str, wanted: Any, *, of: Callable[[Access], Iterator[Resource]] = _servers
) -> Source:
    """Whether each server has the setting as wanted."""

    def shown(access: Access, _: Matrix) -> Iterator[Shown]:
        for one in of(access):
            value = one.properties.get(key)
            met = value == wanted or str(value).lower() == str(wanted).lower()
            yield _shown(one, f"{key}: {_said(value)}", met=met)

    return shown


def _tls(access: Access, _: Matrix) -> Iterator[Shown]:
    for one in _servers(access):
        group = forces_tls(one, access.assembly)
        if group:
            yield _shown(group, "forces TLS (rds.force_ssl: 1)")
        else:
            yield _shown(one, "takes sessions without TLS", met=False)


def _grants(_: Access, matrix: Matrix) -> Iterator[Shown]:
    for row in matrix.rows:
        if row.iam == "allowed" and row.level != MASTER:
            what = f"{row.identity} may {row.level} {row.database}, as {row.user}"
            yield _at(row.evidence[0], what, met=not row.disagreements)


def _administrators(_: Access, matrix: Matrix) -> Iterator[Shown]:
    for row in matrix.rows:
        if row.level == MASTER and row.evidence:
            what = f"{row.identity} administers {row.server}"
            yield _at(row.evidence[0], what, met=not row.disagreements)


def _users(access: Access, _: Matrix) -> Iterator[Shown]:
    made = {one.resource.place: one.resource for one in access.users if one.level != MASTER}
    for one in made.values():
        names = [user.name for user in access.users if user.resource is one]
        yield _shown(one, f"makes {len(names)} users, each of one identity, database and level")


def _trusts(access: Access, _: Matrix) -> Iterator[Shown]:
    for one in access.identities:
        if one.resource and one.trust:
            yield _shown(one.resource, "AssumeRolePolicyDocument: who may become it")


def _ports(access: Access, _: Matrix) -> Iterator[Shown]:
    for openings in access.openings.values():
        for one in openings:
            yield _shown(one.resource, f"lets {one.source} reach a server's port")


def _exports(access: Access, _: Matrix) -> Iterator[Shown]:
    for one in _servers(access):
        exported: list[Any] = one.properties.get("EnableCloudwatchLogsExports") or []
        logs = ", ".join(map(str, exported)) or "none"
        yield _shown(one, f"EnableCloudwatchLogsExports: {logs}", met=bool(exported))


def _logs(access: Access, _: Matrix) -> Iterator[Shown]:
    names = [f"/{server.name}/" for server in access.servers]
    for one in access.assembly.of_type("AWS::Logs::LogGroup"):
        if any(name in str(one.properties.get("LogGroupName", "")) for name in names):
            days = one.properties.get("RetentionInDays")
            yield _shown(one, f"RetentionInDays: {_said(days)}")


def _statements(access: Access, _: Matrix) -> Iterator[Shown]:
    """That the log names statements and sessions, by the server's parameters."""
    for one in access.assembly.of_type(*PARAMETER_GROUPS):
        parameters = one.mapping("Parameters")
        for name in ("log_connections", "log_statement"):
            if name in parameters:
                yield _shown(one, f"{name}: {parameters[name]}")


def _alarms(access: Access, _: Matrix) -> Iterator[Shown]:
    for one in access.assembly.of_type("AWS::CloudWatch::Alarm"):
        told = bool(one.properties.get("AlarmActions"))
        whom = "tells its topic" if told else "tells nobody: it has no action"
        yield _shown(one, f"watches {watched(one)}, {whom}", met=told)


def _flows(access: Access, _: Matrix) -> Iterator[Shown]:
    for one in access.assembly.of_type("AWS::EC2::FlowLog"):
        yield Shown(at=place(one))


def _shown(one: Resource, detail: str, *, met: bool = True) -> Shown:
    return _at(place(one), detail, met=met)


def _at(where: Evidence, detail: str, *, met: bool) -> Shown:
    return Shown(at=replace(where, detail=detail), met=met)


def _said(value: Any) -> str:
    return (
        "not set" if value is None else str(value).lower() if value in (True, False) else str(value)
    )


_tokens = _setting("EnableIAMDatabaseAuthentication", True)
_no_password = _setting("MasterUserAuthenticationType", "iam-db-auth")
_encrypted = _setting("StorageEncrypted", True)
_private = _setting("PubliclyAccessible", False, of=_instances)

_CONTROLS: tuple[tuple[str, str, tuple[Source, ...]], ...] = (
    ("SOC 2 CC6.1", "Access to data is restricted", (_tokens, _no_password, _encrypted)),
    ("SOC 2 CC6.2", "Users exist because somebody authorised them", (_users, _grants)),
    ("SOC 2 CC6.3", "Each has the least that it needs", (_grants, _administrators)),
    ("SOC 2 CC6.6", "The boundary is protected", (_private, _ports, _tls)),
    ("SOC 2 CC7.2", "What is unusual is noticed", (_exports, _alarms, _flows)),
    ("ISO 27001 A.5.15", "Rules for access are set and kept", (_grants, _ports)),
    ("ISO 27001 A.5.16", "An identity is one person's or program's", (_users, _trusts)),
    ("ISO 27001 A.5.17", "Authentication information is protected", (_no_password, _tokens)),
    ("ISO 27001 A.5.18", "Access rights are granted as decided", (_grants,)),
    ("ISO 27001 A.8.2", "Privileged access is restricted", (_administrators,)),
    ("ISO 27001 A.8.5", "Authentication is secure", (_tokens, _tls)),
    ("ISO 27001 A.8.15", "What happens is logged and kept", (_exports, _statements, _logs)),
    ("ISO 27001 A.8.16", "Systems are watched", (_alarms, _flows)),
)
