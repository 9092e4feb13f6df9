"""What identities are called, and from where each reaches a server."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from airflow_rds_iam.declaration.airflow_names import AIRFLOW
from airflow_rds_iam.declaration.identities import METADATA
from review.declared import Declared, DeclaredAirflow
from review.iam.policy import Statement
from review.iam.principals import named_principals
from review.matrix.model import Evidence
from review.templates.assembly import Assembly, Resource
from review.templates.identities import Identity
from review.templates.network import Opening, security_groups
from review.templates.servers import Connection, Server

ELSEWHERE = "not in these templates"
_ROLES = {"AWS::MWAA::Environment": "ExecutionRoleArn", "AWS::Lambda::Function": "Role"}


class Labels:
    """Names for people, by the role: as declared, or what in the templates runs with it."""

    def __init__(self, assembly: Assembly, declared: Declared | None) -> None:
        self._airflows: Mapping[str, DeclaredAirflow] = declared.airflows if declared else {}
        self._declared: dict[str, str] = (
            {arn: name for name, arn in declared.role_arns.items()} if declared else {}
        )
        self._permission_sets: Mapping[str, str] = declared.permission_sets if declared else {}
        self._made = frozenset({*declared.trusts, *self._permission_sets} if declared else ())
        self._runs: dict[str, list[Resource]] = defaultdict(list)
        for resource_type, role in _ROLES.items():
            for one in assembly.of_type(resource_type):
                self._runs[str(one.properties.get(role))].append(one)

    def name(self, identity: Identity) -> str:
        """What the identity is called."""
        if identity.arn in self._declared:
            return self._declared[identity.arn]
        if (made_for := self._made_for(identity)) in self._made:
            return made_for
        if airflow := self.airflow(identity):
            return airflow
        for one in self.runs_with(identity):
            return f"function {one.construct}"
        if identity.resource is None:
            return identity.name
        whoever = identity.kind in ("policy", "permission set")
        return f"{'whoever has' if whoever else identity.kind} {identity.resource.construct}"

    def trust(self, identity: Identity) -> list[str]:
        """Who may become the identity, in words."""
        if permission_set := self._permission_sets.get(self.name(identity)):
            return [f"permission set {permission_set}, if it refers to the policy"]
        return trust(identity)

    def _made_for(self, identity: Identity) -> str:
        """The declared identity that a role or policy says that it is made for."""
        return str(identity.resource.metadata.get(METADATA, "")) if identity.resource else ""

    def airflow(self, identity: Identity) -> str | None:
        """The Airflow whose role it is: as declared, or that of an environment that is made."""
        if (declared := self._declared.get(identity.arn)) in self._airflows:
            return declared
        found = [one for one in self.runs_with(identity) if one.type == "AWS::MWAA::Environment"]
        return self.runs_as(found[0]) if found else None

    def runs_as(self, environment: Resource) -> str:
        """The Airflow that an environment which is made is."""
        name = str(environment.properties.get("Name"))
        return next((one for one, at in self._airflows.items() if at.environment == name), AIRFLOW)

    def airflow_of(self, connection: Connection) -> str:
        """The Airflow that looks a connection up."""
        prefix = connection.prefix
        return next(
            (one for one, at in self._airflows.items() if at.connections_prefix == prefix), AIRFLOW
        )

    def runs_with(self, identity: Identity) -> Sequence[Resource]:
        """The functions and Airflow environments that have the identity's role."""
        return self._runs.get(identity.arn, ())

    def further_with(self, identity: Identity, servers: Sequence[Server]) -> Sequence[Resource]:
        """What runs with the role beside the one function or environment that it is made for."""
        running = self.runs_with(identity)
        served = any(self.serves(identity, one) for one in servers)
        made_for_one = len(running) == 1 and identity.arn not in self._declared
        return [] if made_for_one and (served or self.airflow(identity)) else running

    def serves(self, identity: Identity, server: Server) -> bool:
        """Whether a function with the role is configured with the server's address."""
        address = server.address
        return address is not None and any(
            address in one.mapping("Environment", "Variables").values()
            for one in self.runs_with(identity)
            if one.type == "AWS::Lambda::Function"
        )

    def ways(self, identity: Identity, openings: Sequence[Opening], server: Server) -> list[str]:
        """From where the identity reaches the server's port, by the rules that open it."""
        if server.address is None:
            return [ELSEWHERE]
        own = _groups(self.runs_with(identity))
        if own and server.ranges:
            return _from_this_network(openings, server)
        others = _groups(one for running in self._runs.values() for one in running)
        return [
            f"{'its security group' if own else _source(one)}, by {one.resource.place}"
            for one in openings
            if (one.source in own if own else one.source not in others)
        ]


def _from_this_network(openings: Sequence[Opening], server: Server) -> list[str]:
    """From where what runs here reaches a server of another network."""
    if not server.security_group:
        return [f"its network, if that of {server.name} lets it in"]
    return [
        f"its network ({one.source}), by {one.resource.place}"
        for one in openings
        if one.source in server.reached_from
    ]


def trust(identity: Identity) -> list[str]:
    """Who may become the identity, in words."""
    if identity.kind == "role" and not identity.trust:
        return [ELSEWHERE]
    return [
        words for policy in identity.trust for one in policy.statements for words in _trusts(one)
    ]


def evidence(statements: Sequence[Statement]) -> list[Evidence]:
    """Where the statements stand."""
    return [
        Evidence(
            stack=one.source.stack,
            logical_id=one.source.logical_id,
            detail=", ".join(
                part for part in (one.source.element, f"statement {one.name}") if part
            ),
        )
        for one in statements
    ]


def _trusts(statement: Statement) -> Iterator[str]:
    if not statement.readable:
        yield "cannot be read"
        return
    keys = sorted({key for keys in statement.conditions.values() for key in keys})
    condition = f", where {' and '.join(keys)} match" if keys else ""
    verb = "" if statement.allows else "not "
    for kind, name in named_principals(statement.principal):
        yield f"{verb}{kind} {name}{condition}"
    if statement.not_principal is not None:
        yield f"{verb}everybody but {statement.not_principal}{condition}"


def place(one: Resource) -> Evidence:
    """The resource as evidence."""
    return Evidence(stack=one.stack.name, logical_id=one.logical_id, detail=one.type)


def _source(opening: Opening) -> str:
    return f"security group {opening.source}" if "⟨" in opening.source else opening.source


def _groups(running: Iterable[Resource]) -> frozenset[str]:
    return frozenset(group for one in running for group in security_groups(one))
