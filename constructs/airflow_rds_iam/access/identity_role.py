"""The role of an identity that has none of its own, and who alone may take it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.declaration.identities import Identity, session_name
from airflow_rds_iam.identity_provider import provider_name

Conditions = dict[str, dict[str, str | list[str]]]

# True of a request that has it ("Null condition operator").
NAMED: Conditions = {"Null": {"sts:SourceIdentity": "false"}}


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Who may take a role, how, and what the request must say, to the letter."""

    principal: iam.PrincipalBase
    exact: Conditions
    further_actions: Sequence[str] = ()
    """What else is done as the role is taken, if at all."""
    further: Conditions = field(default_factory=Conditions)
    """What must be true of taking the role, and of nothing else."""


def identity_role(
    scope: Construct,
    construct_id: str,
    identity: Identity,
    *,
    name: str,
    role_name: str,
    execution_role_arn: str | None,
) -> iam.Role:
    """A role that ``identity``, which has none, may take and nobody else.

    Args:
        scope: where the role is made.
        construct_id: the role's.
        identity: who takes it.
        name: the identity's, as declared.
        role_name: the role's.
        execution_role_arn: of the Airflow whose tasks are who takes it, if they are.
    """
    trust = (
        _tasks(execution_role_arn, session_name(name))
        if identity.task_role and execution_role_arn
        else _trust(scope, identity)
    )
    role = iam.Role(
        scope,
        construct_id,
        role_name=role_name,
        assumed_by=trust.principal.with_conditions({**trust.exact, **trust.further}),
    )
    if trust.further_actions and role.assume_role_policy:
        role.assume_role_policy.add_statements(
            iam.PolicyStatement(
                actions=list(trust.further_actions),
                principals=[trust.principal],
                conditions=trust.exact,
            )
        )
    return role


def _tasks(execution_role_arn: str, session: str) -> Trust:
    return Trust(
        principal=iam.ArnPrincipal(execution_role_arn),
        # So CloudTrail shows which of them it was.
        exact={"StringEquals": {"sts:RoleSessionName": session}},
    )


def _trust(scope: Construct, identity: Identity) -> Trust:
    if identity.other_account:
        return Trust(
            principal=iam.ArnPrincipal(identity.other_account.role_arn),
            exact={"StringEquals": {"sts:ExternalId": identity.other_account.external_id}},
        )
    if identity.saml:
        return _federated(identity, identity.saml.provider_arn, "sts:AssumeRoleWithSAML")
    if identity.issuer:
        provider = provider_name(scope, identity.issuer)
        return _federated(identity, provider, "sts:AssumeRoleWithWebIdentity")
    pods = identity.kubernetes
    if pods is None:
        raise ValueError("a role is made for an identity that has none")
    stack = Stack.of(scope)
    cluster = stack.format_arn(service="eks", resource="cluster", resource_name=pods.cluster)
    # "Grant Pods access to AWS resources based on tags": set by EKS, and by no pod.
    tags = {
        "eks-cluster-arn": cluster,
        "kubernetes-namespace": pods.namespace,
        "kubernetes-service-account": pods.service_account,
    }
    return Trust(
        principal=iam.ServicePrincipal("pods.eks.amazonaws.com"),
        exact={
            "StringEquals": {
                "aws:SourceAccount": stack.account,
                **{f"aws:RequestTag/{name}": value for name, value in tags.items()},
            }
        },
        further_actions=["sts:TagSession"],
    )


def _federated(identity: Identity, provider: str, action: str) -> Trust:
    principal = iam.FederatedPrincipal(provider, {}, action)
    exact: Conditions = {"StringEquals": identity.token}
    if not identity.names_source:
        return Trust(principal=principal, exact=exact)
    return Trust(
        principal=principal,
        exact=exact,
        further=NAMED,
        further_actions=["sts:SetSourceIdentity"],
    )
