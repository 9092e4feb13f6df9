"""What is wrong between an Airflow and the rest of the declaration."""

from collections.abc import Iterator

from airflow_rds_iam.declaration.airflow_names import output
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.network import Client
from airflow_rds_iam.declaration.policies import connection_ids

# Amazon MWAA API reference, CreateEnvironment.
LONGEST_NAME = 80


def of_new_airflows(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration of the environment, and what is wrong there."""
    account, names = declaration.account, dict[str, str]()
    for identity, airflow in declaration.airflows.items():
        if airflow.existing:
            continue
        path = declaration.airflow_path(identity)
        name = declaration.airflow_name(identity, environment=environment)
        if len(name) > LONGEST_NAME:
            message = f"makes the name {name!r}; Amazon MWAA allows {LONGEST_NAME} characters"
            yield (*path, "name"), message
        if (other := names.setdefault(name, identity)) != identity:
            yield (*path, "name"), f"{name!r} is the name of {other!r}, too: each has its own"
        if airflow.replaces == name:
            message = f"{name!r} is this environment's own name: the new one must have another name"
            yield (*path, "replaces"), f"{message}, as Amazon MWAA has both for a while"
        key = airflow.key or "aws"
        if account and key != "aws" and key.split(":")[4] != account:
            message = f"{key!r} must be a key of account {account}, as its environment is"
            yield (*path, "key"), message


def between_airflows(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what two of them, or one and another identity, both are."""
    if {"one_airflow", "several_airflows"} <= declaration.model_fields_set:
        message = "must not stand beside airflows: what it declares is airflows.airflow there"
        yield ("airflow",), message
    outputs: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    environments: dict[str, str] = {}
    for identity, airflow in declaration.airflows.items():
        path = declaration.airflow_path(identity)
        if identity in declaration.identities:
            message = f"{identity!r} is Airflow's execution role: not declared"
            yield ("identities", identity), message
        if (other := outputs.setdefault(output("", identity), identity)) != identity:
            message = f"{identity!r} is {other!r} but for underscores, which outputs have not"
            yield path, f"{message}: rename it"
        existing = airflow.existing
        prefix = declaration.connections_prefix(identity, environment=environment)
        if prefix and (other := prefixes.setdefault(prefix, identity)) != identity:
            message = f"{prefix!r} is that of {other!r}, too: each must find its own connections"
            yield (*path, *(["existing", "connections_prefix"] if existing else ["name"])), message
        name = existing and existing.environment
        if name and (other := environments.setdefault(name, identity)) != identity:
            message = f"{name!r} is {other!r} already: one Airflow is one identity"
            yield (*path, "existing", "environment"), message


def readers_connections(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and which connection would be that of another database."""
    granted = list(grants(declaration))
    for name in declaration.airflows:
        own = [grant for grant in granted if grant.identity == name]
        taken = {grant.connection_id: grant.database for grant in own}
        for grant in own:
            reader = grant.reader_connection_id
            if reader in taken and reader in connection_ids(declaration, grant):
                yield (
                    ("instances", grant.instance, "databases", taken[reader]),
                    f"its connection {reader!r} of {name} is that of the readers of "
                    f"{grant.database!r}, too: declare no readers, or another level",
                )


def of_existing_airflows(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what is wrong there."""
    for identity, airflow in declaration.airflows.items():
        if existing := airflow.existing:
            path = (*declaration.airflow_path(identity), "existing")
            yield from _role(identity, existing, path, declaration)
            for client in declaration.network.clients:
                for key, one in sources(existing):
                    if client.overlaps(one):
                        message = f"{one.source!r} is let in as a client already ({client.source})"
                        yield (*path, key), message
    network = declaration.network.existing
    if network and all(one.existing for one in declaration.airflows.values()):
        bootstraps = any(
            one.existing and one.existing.bootstrap for one in declaration.instances.values()
        )
        for key in ("missing_endpoints", "endpoints_security_group"):
            if getattr(network, key) and not (bootstraps and key == "endpoints_security_group"):
                message = "is for an Airflow that is made here: what an existing one needs, it has"
                yield ("network", "existing", key), message


def let_in(declaration: Declaration) -> list[Client]:
    """Who may reach the databases beside what is made here: clients, and an existing Airflow."""
    airflows = [
        one
        for airflow in declaration.airflows.values()
        if airflow.existing
        for _, one in sources(airflow.existing)
    ]
    # Two may be at one place, which EC2 takes a rule for once.
    return [*declaration.network.clients, *{one.source: one for one in airflows}.values()]


def sources(existing: ExistingAirflow) -> list[tuple[str, Client]]:
    """From where it reaches the databases, each with the key that says so."""
    because = "Airflow, which exists"
    if existing.security_group:
        client = Client(security_group=existing.security_group, because=because)
        return [("security_group", client)]
    return [("ranges", Client(range=one, because=because)) for one in existing.ranges]


def _role(
    identity: str, existing: ExistingAirflow, path: Path, declaration: Declaration
) -> Iterator[tuple[Path, str]]:
    path = (*path, "role_arn")
    accounts = [declaration.account, *(one.account for one in declaration.identities.values())]
    account = next(filter(None, accounts), None)
    # IAM attaches a policy to a role of its own account alone, and would take one of that name.
    if account and existing.account != account:
        yield (
            path,
            f"{existing.role_arn!r} must be a role of account {account}, as the databases are: "
            "Airflow of another account takes a role of this one, declared as other_account",
        )
    for name, arn in declaration.role_arns.items():
        same = arn.rpartition("/")[2].lower() == existing.role_name.lower()
        if same and name != identity:
            message = f"is the role of {name!r}, too; each identity needs its own"
            yield path, f"{existing.role_arn!r} {message}"
