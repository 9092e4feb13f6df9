"""What cannot be so beside the other environments that are declared in the same folder."""

from collections.abc import Iterator, Mapping

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.model import Declaration


def shares(declaration: Declaration) -> bool:
    """Whether it has anything that another environment may have as well."""
    servers = any(instance.existing for instance in declaration.instances.values())
    return servers or any(_made_once(declaration))


def clashes(
    declaration: Declaration, others: Mapping[str, Declaration]
) -> Iterator[tuple[Path, str]]:
    """Where in ``declaration``, and with which of the ``others``, by environment.

    Two on one server whose roles are known by the same prefix would remove each other's users, and
    two of one account would each make what it has but once.
    """
    for name, instance in declaration.instances.items():
        for environment, other in others.items():
            if other.prefix == declaration.prefix and _is_in(instance, environment, other):
                has = f"prefix {other.prefix!r}" if other.prefix else "no prefix"
                yield (
                    ("instances", name),
                    f"is an instance of the environment {environment!r}, too, and both have {has}, "
                    "so that each would remove the other's users: declare another prefix",
                )

    for path, once in _made_once(declaration):
        for environment, other in others.items():
            same = declaration.account and other.account == declaration.account
            if same and once in dict(_made_once(other)).values():
                message = f"{once} is made by the environment {environment!r}, too, and an account"
                yield path, f"{message} has one of each address: declare provider: existing"


def _made_once(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Each identity provider that is made here, by where it is declared."""
    for name, identity in declaration.identities.items():
        if identity.makes_provider and identity.issuer:
            way = "oidc" if identity.oidc else "kubernetes"
            yield ("identities", name, way, "provider"), identity.issuer
    if declaration.delivery:
        for way, issuer in declaration.delivery.providers_made.items():
            yield ("delivery", way, "provider"), issuer


def _is_in(instance: Instance, environment: str, other: Declaration) -> bool:
    existing = instance.existing
    if existing is None:
        return False
    return any(
        existing.endpoint == one.existing.endpoint
        or existing.resource_id == one.existing.resource_id
        if one.existing
        else existing.identifier == one.identifier(environment, name)
        for name, one in other.instances.items()
    )
