"""Who may take the role of an identity that has none of its own, by the declaration."""

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_rds_iam.declaration.identities import Identity, session_name
from airflow_rds_iam.declaration.identity_provider import principal

WEB_IDENTITY, SAML = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"
NAMING = "sts:SetSourceIdentity"


@dataclass(frozen=True, kw_only=True)
class DeclaredTrust:
    """One principal, and what a request must say, to the letter."""

    kind: str
    """``AWS``, ``Federated`` or ``Service``."""
    principal: str
    """An ARN, what one ends with from a colon on, a service, or a provider that IAM knows."""
    actions: frozenset[str]
    exact: Mapping[str, frozenset[str]]
    """The values of each key."""
    cluster: str = ""
    """Of EKS, in the role's account and region: that of the pods, if they take it."""
    by_airflow: str | None = None
    """The Airflow whose tasks' role the principal is to be, whatever its ARN."""
    names_source: bool = False
    """Whether who takes it must name the person."""


def declared_trust(
    name: str, identity: Identity, *, by_airflow: str | None = None
) -> DeclaredTrust | None:
    """Who may take the role that is made for ``identity``, called ``name``; None if none is.

    That of a task's is taken by the Airflow ``by_airflow``.
    """
    if identity.task_role:
        return DeclaredTrust(
            kind="AWS",
            principal="",
            actions=frozenset({"sts:AssumeRole"}),
            exact={"sts:RoleSessionName": frozenset({session_name(name)})},
            by_airflow=by_airflow,
        )
    if elsewhere := identity.other_account:
        return DeclaredTrust(
            kind="AWS",
            principal=elsewhere.role_arn,
            actions=frozenset({"sts:AssumeRole"}),
            exact={"sts:ExternalId": frozenset({elsewhere.external_id})},
        )
    pods = identity.kubernetes
    if pods and pods.cluster:
        return DeclaredTrust(
            kind="Service",
            principal="pods.eks.amazonaws.com",
            actions=frozenset({"sts:AssumeRole", "sts:TagSession"}),
            cluster=pods.cluster,
            exact={
                "aws:RequestTag/kubernetes-namespace": frozenset({pods.namespace}),
                "aws:RequestTag/kubernetes-service-account": frozenset({pods.service_account}),
            },
        )
    if not (identity.saml or identity.issuer):
        return None
    action = SAML if identity.saml else WEB_IDENTITY
    return DeclaredTrust(
        kind="Federated",
        principal=identity.saml.provider_arn
        if identity.saml
        else principal(identity.issuer or "", ""),
        actions=frozenset({action, *([NAMING] if identity.names_source else [])}),
        exact={
            key: frozenset([said] if isinstance(said, str) else said)
            for key, said in identity.token.items()
        },
        names_source=identity.names_source,
    )
