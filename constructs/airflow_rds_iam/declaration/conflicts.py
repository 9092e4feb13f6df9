"""What is wrong between the parts of a declaration whose parts, each by itself, are right."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from airflow_rds_iam.declaration.airflow_conflicts import (
    between_airflows,
    of_existing_airflows,
    of_new_airflows,
    readers_connections,
)
from airflow_rds_iam.declaration.availability import unavailable
from airflow_rds_iam.declaration.connections import too_many_connections
from airflow_rds_iam.declaration.derived_names import LONGEST_ROLE, RESERVED
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.existing_servers import contradictions
from airflow_rds_iam.declaration.grants import grants, group_roles
from airflow_rds_iam.declaration.identity_conflicts import identity_conflicts
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.policies import too_many_policies
from airflow_rds_iam.declaration.values import INSTANCE_NAME, INSTANCE_NAME_WORDS

# RDS API reference, CreateDBInstance.
LONGEST_IDENTIFIER = 63
RESERVED_DATABASES = ("postgres", "rdsadmin", "template0", "template1")
# The role that marks the login users made here.
MARK = "airflow_rds_iam"
NO_USERS = ("public", "none", MARK)
THE_ADMINISTRATOR = "the administrator"
# The master user of an instance that is made here.
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Conflict:
    """Where in the declaration, and what is wrong with which value there."""

    path: Path
    message: str


def conflicts(declaration: Declaration, *, environment: str) -> Iterator[Conflict]:
    """Every conflict in ``declaration``, that of the environment named ``environment``."""
    yield from _instances(declaration, environment)
    yield from _databases(declaration)
    yield from _role_names(declaration)
    yield from _web_server(declaration)
    for path, message in chain(
        identity_conflicts(declaration, environment=environment),
        unavailable(declaration),
        too_many_policies(declaration, environment=environment),
        contradictions(declaration, environment=environment),
        between_airflows(declaration, environment=environment),
        of_existing_airflows(declaration),
        readers_connections(declaration),
        of_new_airflows(declaration, environment=environment),
        too_many_connections(declaration),
    ):
        yield Conflict(path, message)


def own_roles(instance: Instance) -> tuple[str, str]:
    """The roles that the function itself works with on ``instance``."""
    existing = instance.existing
    return existing.administrator if existing else ADMINISTRATOR, MARK


def _instances(declaration: Declaration, environment: str) -> Iterator[Conflict]:
    if not re.fullmatch(INSTANCE_NAME, environment):
        message = f"the file's name, {environment!r}, names the environment: must be "
        yield Conflict((), message + INSTANCE_NAME_WORDS)
    for name, instance in declaration.instances.items():
        # An output's name is of letters and digits alone.
        same = [
            one for one in declaration.instances if one.replace("-", "") == name.replace("-", "")
        ]
        if same[0] != name:
            message = f"{name!r} is {same[0]!r} but for hyphens, which outputs have not: rename it"
            yield Conflict(("instances", name), message)
        identifier = instance.identifier(environment, name)
        if instance.is_cluster and not instance.existing:
            identifier = f"{identifier}-{instance.readers + 1}"  # of the last of its instances
        if len(identifier) > LONGEST_IDENTIFIER:
            message = (
                f"makes the identifier {identifier!r}; RDS allows {LONGEST_IDENTIFIER} characters"
            )
            yield Conflict(("instances", name), message)


def _databases(declaration: Declaration) -> Iterator[Conflict]:
    known = [*declaration.airflows, *declaration.identities]
    for path, granted in _granted_by_database(declaration).items():
        name = path[-1]
        if name in RESERVED_DATABASES:
            yield Conflict(path, f"{name!r} is a database that every server has of its own")
        if not granted:
            message = f"{name!r} is granted to nobody: grant it, or remove it (its data stays)"
            yield Conflict(path, message)
        for at, identity in granted:
            if identity in declaration.airflows and (path[1], name) == ("aws", "default"):
                yield Conflict(path, "Airflow would never look up its connection, 'aws_default'")
            if identity not in known:
                message = f"{identity!r} is no identity; there are: {', '.join(known)}"
                yield Conflict(at, message)
        for identity in declaration.instances[str(path[1])].databases[str(name)].terms:
            if identity not in {one for _, one in granted}:
                message = f"terms must be of a grant, and {identity!r} has none on {name!r}"
                yield Conflict((*path, "terms", identity), message)
        for identity, count in Counter(identity for _, identity in granted).items():
            if count > 1:
                at = [at for at, other in granted if other == identity][-1]
                yield Conflict(at, f"{identity!r} is granted twice on {name!r}; once is allowed")


def _granted_by_database(declaration: Declaration) -> dict[Path, list[tuple[Path, str]]]:
    databases: dict[Path, list[tuple[Path, str]]] = {
        ("instances", instance_name, "databases", name): []
        for instance_name, instance in declaration.instances.items()
        for name in instance.databases
    }
    for grant in grants(declaration):
        path = ("instances", grant.instance, "databases", grant.database)
        position = sum(at[-2] == grant.level for at, _ in databases[path])
        databases[path].append(((*path, grant.level, position), grant.identity))
    return databases


def _role_names(declaration: Declaration) -> Iterator[Conflict]:
    """Role names that are reserved, too long, or derived from two things of one instance."""
    origins: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for name, instance in declaration.instances.items():
        if declaration.prefix:
            origins[name, f"{MARK}_{declaration.prefix}"]["prefix"] = ("prefix",)
        if existing := instance.existing:
            path = ("instances", name, "existing", "administrator")
            origins[name, existing.administrator][THE_ADMINISTRATOR] = path
            if RESERVED.match(existing.administrator) or existing.administrator in NO_USERS:
                message = f"{existing.administrator!r} is a role of PostgreSQL, of RDS or of ours"
                yield Conflict(
                    path, f"{message}: must be a user that a person made, or RDS's master"
                )
        for database in instance.databases:
            roles = group_roles(database, declaration.prefix or "")
            for role in (roles.owner, roles.writer, roles.reader):
                path = ("instances", name, "databases", database)
                origins[name, role][f"database {database!r}"] = path
    for grant in grants(declaration):
        path = ("instances", grant.instance, "databases", grant.database, grant.level)
        origin = f"{grant.identity!r} on {grant.database!r}"
        origins[grant.instance, grant.user][origin] = path
    yield from _old_owners(declaration, origins)
    for (_, role), paths in origins.items():
        (first, path), *others = paths.items()
        if len(role.encode()) > LONGEST_ROLE:
            message = (
                f"{first} makes the role name {role!r}; PostgreSQL allows {LONGEST_ROLE} bytes"
            )
            yield Conflict(path, message)
        if RESERVED.match(role) and first != THE_ADMINISTRATOR:
            message = f"{first} makes the role name {role!r}; no name may begin with pg_ or rds"
            yield Conflict(path, message)
        for other, path in others:
            yield Conflict(path, f"{other} makes the role name {role!r}, as does {first}")


def _old_owners(
    declaration: Declaration, origins: Mapping[tuple[str, str], Mapping[str, Path]]
) -> Iterator[Conflict]:
    """Old owners that would hand over what is declared to be theirs, or is RDS's own."""
    for instance_name, instance in declaration.instances.items():
        for name, database in instance.databases.items():
            for position, role in enumerate(database.old_owners):
                path = ("instances", instance_name, "databases", name, "old_owners", position)
                if RESERVED.match(role) or role in ("public", "none"):
                    yield Conflict(path, f"{role!r} is PostgreSQL's or RDS's own role")
                elif role in own_roles(instance):
                    yield Conflict(path, f"{role!r} is a role that the function itself works with")
                elif of := origins.get((instance_name, role)):
                    message = f"{role!r} is a role of {next(iter(of))}, and keeps what it owns"
                    yield Conflict(path, message)


def _web_server(declaration: Declaration) -> Iterator[Conflict]:
    for name, airflow in declaration.airflows.items():
        # Tasks of Airflow 3 call the web server (Airflow's Task Execution API), which a public one
        # puts on the internet ("Apache Airflow access modes").
        if (
            not airflow.existing
            and (airflow.web_server_access, declaration.network.egress) == ("public", "endpoints")
            and airflow.major >= 3
        ):
            both = "'public_and_private', " if airflow.has_both_pages else ""
            message = (
                f"'public': tasks of Airflow {airflow.version} call the web server, and with "
                f"egress: endpoints have no way to a public one; possible are {both}'private', or "
                "egress: nat"
            )
            yield Conflict((*declaration.airflow_path(name), "web_server_access"), message)
