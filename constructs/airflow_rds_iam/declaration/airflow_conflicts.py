"""What is wrong between an Airflow that exists and the rest of the declaration."""

from collections.abc import Iterator

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.network import Client

PATH: Path = ("airflow", "existing")


def of_new_airflow(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration of the environment, and what is wrong there."""
    airflow, account = declaration.airflow, declaration.account
    name = airflow.name or environment
    if airflow.replaces == name:
        message = f"{name!r} is this environment's own name: the new one must have another name"
        yield ("airflow", "replaces"), f"{message}, as Amazon MWAA has both for a while"
    key = airflow.key or "aws"
    if account and key != "aws" and key.split(":")[4] != account:
        message = f"{key!r} must be a key of account {account}, as its environment is"
        yield ("airflow", "key"), message


def of_existing_airflow(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what is wrong there."""
    existing = declaration.airflow.existing
    if existing is None:
        return
    yield from _role(existing, declaration)
    for client in declaration.network.clients:
        for key, one in sources(existing):
            if client.overlaps(one):
                message = f"{one.source!r} is let in as a client already ({client.source})"
                yield (*PATH, key), message
    network = declaration.network.existing
    if network:
        bootstraps = any(
            one.existing and one.existing.bootstrap for one in declaration.instances.values()
        )
        for key in ("missing_endpoints", "endpoints_security_group"):
            if getattr(network, key) and not (bootstraps and key == "endpoints_security_group"):
                message = "is for an Airflow that is made here: what an existing one needs, it has"
                yield ("network", "existing", key), message


def let_in(declaration: Declaration) -> list[Client]:
    """Who may reach the databases beside what is made here: clients, and an existing Airflow."""
    existing = declaration.airflow.existing
    airflow = [one for _, one in sources(existing)] if existing else []
    return [*declaration.network.clients, *airflow]


def sources(existing: ExistingAirflow) -> list[tuple[str, Client]]:
    """From where it reaches the databases, each with the key that says so."""
    because = "Airflow, which exists"
    if existing.security_group:
        client = Client(security_group=existing.security_group, because=because)
        return [("security_group", client)]
    return [("ranges", Client(range=one, because=because)) for one in existing.ranges]


def _role(existing: ExistingAirflow, declaration: Declaration) -> Iterator[tuple[Path, str]]:
    path = (*PATH, "role_arn")
    accounts = [declaration.account, *(one.account for one in declaration.identities.values())]
    account = next(filter(None, accounts), None)
    # IAM attaches a policy to a role of its own account alone, and would take one of that name.
    if account and existing.account != account:
        yield (
            path,
            f"{existing.role_arn!r} must be a role of account {account}, as the databases are: "
            "Airflow of another account takes a role of this one, declared as other_account",
        )
    for name, identity in declaration.identities.items():
        if (identity.role_name or "").lower() == existing.role_name.lower():
            message = f"is the role of {name!r}, too; each identity needs its own"
            yield path, f"{existing.role_arn!r} {message}"
