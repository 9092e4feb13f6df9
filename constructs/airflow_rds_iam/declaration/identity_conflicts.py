"""What is wrong between an identity and the rest of the declaration."""

from collections.abc import Iterator

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.grants import aws_connection_id, grants
from airflow_rds_iam.declaration.identities import alphanumeric, made_role
from airflow_rds_iam.declaration.identity_provider import AUDIENCE
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.policies import connection_ids

# "IAM and AWS STS quotas": characters of a role's name.
LONGEST_ROLE = 64


def identity_conflicts(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what is wrong there."""
    # IAM attaches a managed policy only to a role of the policy's own account.
    accounts = [declaration.account, *(one.account for one in declaration.identities.values())]
    account = next(filter(None, accounts), None)
    yield from _accounts(declaration, account)
    yield from _roles(declaration, environment)
    yield from _outputs(declaration)
    yield from _providers(declaration)
    yield from _service_accounts(declaration)
    yield from _task_roles(declaration)


def _accounts(declaration: Declaration, account: str | None) -> Iterator[tuple[Path, str]]:
    for name, identity in declaration.identities.items():
        path = ("identities", name)
        if identity.role_arn and identity.account != account:
            yield (
                (*path, "role_arn"),
                f"{identity.role_arn!r} must be a role of account {account}; a role of another "
                "account is declared in other_account",
            )
        elsewhere = identity.other_account
        if elsewhere and elsewhere.role_arn.split(":")[4] == account:
            yield (
                (*path, "other_account", "role_arn"),
                f"{elsewhere.role_arn!r} is a role of this account: declare it as role_arn",
            )
        if identity.saml and account and identity.saml.provider_arn.split(":")[4] != account:
            yield (
                (*path, "saml", "provider_arn"),
                f"{identity.saml.provider_arn!r} must be a provider of account {account}",
            )


def _roles(declaration: Declaration, environment: str) -> Iterator[tuple[Path, str]]:
    names: dict[str, str] = {}
    permission_sets: dict[str, str] = {}
    for name, identity in declaration.identities.items():
        if center := identity.identity_center:
            other = permission_sets.setdefault(center.permission_set, name)
            if other != name:
                message = f"{center.permission_set!r} is the permission set of {other!r}"
                path = ("identities", name, "identity_center", "permission_set")
                yield path, f"{message}; each identity needs its own"
            continue
        role = identity.role_name or made_role(environment, name)
        if len(role) > LONGEST_ROLE:
            message = f"makes the role {role!r}; IAM allows {LONGEST_ROLE} characters"
            yield ("identities", name), message
        # Role names are unique in an account, whatever their path and case.
        other = names.setdefault(role.lower(), name)
        if other != name:
            shown = identity.role_arn or role
            message = f"{shown!r} is the role of {other!r}; each identity needs its own"
            yield ("identities", name, *(["role_arn"] if identity.role_arn else [])), message


def _outputs(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    names: dict[str, str] = {}
    for name, identity in declaration.identities.items():
        if identity.role_arn:
            continue
        other = names.setdefault(alphanumeric(name), name)
        if other != name:
            message = f"{name!r} is {other!r} but for underscores, which outputs have not"
            yield ("identities", name), f"{message}: rename it"


def _providers(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    delivery = declaration.delivery
    of_pipelines = delivery.providers_made.values() if delivery else ()
    for name, identity in declaration.identities.items():
        if identity.issuer not in of_pipelines:
            continue
        path = ("identities", name, "oidc" if identity.oidc else "kubernetes")
        if identity.makes_provider:
            message = f"'made': {identity.issuer} is made by delivery: declare provider: existing"
            yield (*path, "provider"), message
        if identity.audience != AUDIENCE:
            message = f"{identity.audience!r}: the provider that delivery makes takes tokens for "
            yield (*path, "audience"), f"{message}{AUDIENCE} alone: must be that"


def _service_accounts(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    # A service account has one role ("Assign an IAM role to a Kubernetes service account").
    names: dict[tuple[str, str, str], str] = {}
    for name, identity in declaration.identities.items():
        pods = identity.kubernetes
        if pods and pods.cluster:
            account = f"{pods.namespace}/{pods.service_account}"
            other = names.setdefault((pods.cluster, pods.namespace, pods.service_account), name)
            if other != name:
                message = (
                    f"{account!r} of cluster {pods.cluster} is {other!r}; EKS has one role each"
                )
                yield ("identities", name, "kubernetes", "service_account"), message


# Its AWS SDK for Python, 1.39, calls STS of many regions by the global name, which no endpoint has
# ("AWS STS Regional endpoints" of the AWS SDKs and Tools reference guide).
GLOBAL_STS = ("3.0.6",)


def _task_roles(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    network, granted = declaration.network, list(grants(declaration))
    taken = {
        name: {
            one
            for grant in granted
            if grant.identity == name
            for one in connection_ids(declaration, grant)
        }
        for name in declaration.airflows
    }
    for name, identity in declaration.identities.items():
        if not identity.task_role:
            continue
        path = ("identities", name, "task_role")
        by = declaration.whose_task(name)
        if by not in taken:
            there = ", ".join(declaration.airflows)
            message = f"no Airflow {by!r} takes it; there are: {there}"
            if not there:
                message = "no Airflow is declared whose tasks could take it"
            yield (*path[:2], "airflow" if identity.airflow else "task_role"), message
            continue
        if len(taken) > 1 and not identity.airflow:
            message = f"must have airflow beside it: which of {', '.join(taken)} takes it"
            yield path, message
        its_own = [grant for grant in granted if grant.identity == name]
        if len(its_own) > 1:
            message = (
                f"is a role for one database, to be cut off by itself, and {name!r} is granted "
                f"{len(its_own)}: declare an identity for each"
            )
            yield path, message
        for grant in its_own:
            ids = {grant.task_connection_id, aws_connection_id(grant)}
            for other in sorted(ids & taken[by]):
                yield path, f"its connection {other!r} would be that of another: rename {name!r}"
            taken[by] |= ids
        airflow = declaration.airflows[by]
        private = network.egress == "endpoints" and not network.existing
        if not airflow.existing and airflow.version in GLOBAL_STS and private:
            message = (
                f"Airflow {airflow.version} calls STS by its global name, which egress: endpoints "
                "has no way to: possible are another version, or egress: nat"
            )
            yield path, message
