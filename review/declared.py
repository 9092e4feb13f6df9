"""What the declaration grants, as plain values beside what the templates hold."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from airflow_rds_iam.declaration.airflow_conflicts import let_in
from airflow_rds_iam.declaration.grants import (
    Grant,
    grants,
    group_roles,
    named_by_a_connection,
)
from airflow_rds_iam.declaration.model import Declaration
from review.declared_trust import DeclaredTrust, declared_trust


@dataclass(frozen=True, kw_only=True)
class DeclaredGrant:
    """One identity's access to one database."""

    identity: str
    server: str
    database: str
    level: str
    user: str
    until: date | None = None
    """The last day of it."""
    because: str = ""
    """Why: a ticket, or words."""
    kind: str = ""
    """Of the identity: ``human``, ``program``, or not said."""
    data_class: str = ""
    """Of the database's data, in the team's own words."""


@dataclass(frozen=True, kw_only=True)
class DeclaredDatabase:
    """What the function of a server may be told of one of its databases, beside its users."""

    roles: Mapping[str, str]
    """Its group roles, by what the function takes them for."""
    old_owners: Sequence[str]
    other_levels: Sequence[str]
    """Users of a program's other levels, which may be kept until it has heard of its new one."""
    connection_limit: int


@dataclass(frozen=True, kw_only=True)
class OwnRule:
    """What a team forbids, or wants said, of some of its grants; an empty list is all of them."""

    name: str
    kinds: Sequence[str] = ()
    levels: Sequence[str] = ()
    classes: Sequence[str] = ()
    but: Sequence[str] = ()
    """Identities that it is not about."""
    needs: Sequence[str] = ()
    """``until``, ``because``; with none, such a grant is forbidden."""


@dataclass(frozen=True, kw_only=True)
class DeclaredAirflow:
    """An Airflow, made here or not."""

    made: bool
    environment: str = ""
    """What Amazon MWAA calls it, as far as it is one of its."""
    connections_prefix: str = ""
    """What stands before the names of its connections, if any are made."""
    configuration: Mapping[str, str] = field(default_factory=dict[str, str])
    """Configuration options that it is given beside those of its connections."""
    page: frozenset[str] = frozenset()
    """From where its page is reached: ``private``, ``public`` or both; empty if it is not made."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The grants of an environment, and which role is whose."""

    environment: str
    grants: Sequence[DeclaredGrant] = ()
    role_arns: Mapping[str, str] = field(default_factory=dict[str, str])
    """By identity that has a role which exists."""
    trusts: Mapping[str, DeclaredTrust] = field(default_factory=dict[str, DeclaredTrust])
    """By identity whose role is made: who may take it."""
    permission_sets: Mapping[str, str] = field(default_factory=dict[str, str])
    """By identity that is one of IAM Identity Center: its name."""
    airflows: Mapping[str, DeclaredAirflow] = field(default_factory=dict[str, DeclaredAirflow])
    """By the identity that its role is."""
    databases: Mapping[str, Mapping[str, DeclaredDatabase]] = field(
        default_factory=dict[str, dict[str, DeclaredDatabase]]
    )
    """By server, by name."""
    prefix: str = ""
    rules: Sequence[OwnRule] = ()
    ranges: tuple[str, ...] = ()
    """Of addresses, or security groups, that may reach the servers."""
    reached_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """By server in another network: the ranges of this one, which may reach it."""
    instances: Mapping[str, str] = field(default_factory=dict[str, str])
    """What each server is declared as, by its own name."""
    packs: Sequence[str] = ()
    """Of cdk-nag's rules."""

    @property
    def arns_by_role(self) -> dict[str, str]:
        """The ARNs of the identities' roles by the roles' names."""
        return {arn.rpartition("/")[2]: arn for arn in self.role_arns.values()}


def declared(declaration: Declaration, *, environment: str) -> Declared:
    """What ``declaration``, that of ``environment``, grants."""
    return Declared(
        environment=environment,
        grants=tuple(
            _grant(grant, declaration, environment)
            for grant in grants(declaration)
            # Where a server is observed, nobody is given anything.
            if declaration.instances[grant.instance].mode == "manage"
        ),
        role_arns=declaration.role_arns,
        airflows={name: _airflow(name, declaration, environment) for name in declaration.airflows},
        trusts={
            name: trust
            for name, one in declaration.identities.items()
            if (trust := declared_trust(name, one, by_airflow=declaration.whose_task(name)))
        },
        permission_sets={
            name: one.identity_center.permission_set
            for name, one in declaration.identities.items()
            if one.identity_center
        },
        databases={
            one.identifier(environment, name): dict(_databases(declaration, name))
            for name, one in declaration.instances.items()
        },
        prefix=declaration.prefix or "",
        rules=tuple(
            OwnRule(
                name=one.name,
                kinds=tuple(one.kinds),
                levels=tuple(one.levels),
                classes=tuple(one.classes),
                but=tuple(one.but),
                needs=tuple(one.needs),
            )
            for one in declaration.review.rules
        ),
        ranges=tuple(one.source for one in let_in(declaration)),
        reached_from={
            one.identifier(environment, name): tuple(declaration.network.ranges)
            for name, one in declaration.instances.items()
            if one.existing and one.existing.ranges
        },
        instances={
            one.identifier(environment, name): name for name, one in declaration.instances.items()
        },
        packs=tuple(declaration.review.packs),
    )


def _databases(declaration: Declaration, instance: str) -> Iterator[tuple[str, DeclaredDatabase]]:
    others: dict[str, list[str]] = defaultdict(list)
    for one in grants(declaration):
        if one.instance == instance and named_by_a_connection(declaration, one):
            others[one.database].extend(one.other_users)
    for name, database in declaration.instances[instance].databases.items():
        roles = group_roles(name, declaration.prefix or "")
        yield (
            name,
            DeclaredDatabase(
                roles={"Owner": roles.owner, "Writer": roles.writer, "Reader": roles.reader},
                old_owners=tuple(database.old_owners),
                other_levels=tuple(others[name]),
                connection_limit=declaration.instances[instance].connections_per_user,
            ),
        )


def _airflow(name: str, declaration: Declaration, environment: str) -> DeclaredAirflow:
    existing = declaration.airflows[name].existing
    return DeclaredAirflow(
        made=existing is None,
        environment=(existing.environment or "")
        if existing
        else declaration.airflow_name(name, environment=environment),
        connections_prefix=declaration.connections_prefix(name, environment=environment) or "",
        configuration=dict(declaration.airflows[name].configuration),
        page=frozenset()
        if existing
        else frozenset(declaration.airflows[name].web_server_access.split("_and_")),
    )


def _grant(grant: Grant, declaration: Declaration, environment: str) -> DeclaredGrant:
    database = declaration.instances[grant.instance].databases[grant.database]
    identity = declaration.identities.get(grant.identity)
    terms = database.terms.get(grant.identity)
    return DeclaredGrant(
        identity=grant.identity,
        server=declaration.instances[grant.instance].identifier(environment, grant.instance),
        database=grant.database,
        level=grant.level,
        user=grant.user,
        until=date.fromisoformat(terms.until) if terms and terms.until else None,
        because=(terms.because or "") if terms else "",
        kind=(identity.kind or "") if identity else "program",
        data_class=database.data_class or "",
    )
