"""An identity and what lets it log in."""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import CfnOutput, CfnResource, Stack
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.access.identity_role import identity_role
from airflow_rds_iam.access.login_policies import LoginPolicies
from airflow_rds_iam.declaration.grants import Grant
from airflow_rds_iam.declaration.identities import METADATA, Identity, alphanumeric, made_role
from airflow_rds_iam.servers.server import Server


def login_description(identity: str, environment: str) -> str:
    """Of the policies with which ``identity`` logs in."""
    return f"{identity} may log in to databases of {environment}"


class IdentityAccess(Construct):
    """The policies of ``identity``, and its role if it has none.

    Args:
        name: the identity's, as declared.
        environment: the environment's name.
        layout: its grants by the policy of this stack that each stands in; it may have others.
        servers: by the name of their instance.
        execution_role_arn: of the Airflow whose tasks take the role, if they do.
        providers: of OpenID Connect, by address: those that are made here.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        identity: Identity,
        environment: str,
        layout: Mapping[str, Sequence[Grant]],
        servers: Mapping[str, Server],
        execution_role_arn: str | None,
        providers: Mapping[str, iam.CfnOIDCProvider],
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        of_permission_set = identity.identity_center is not None
        fixed = (f"/airflow-rds-iam/{environment}/", name)
        self.role: iam.IRole | None = (
            None
            if of_permission_set
            else self._role(identity, made_role(environment, name), execution_role_arn, providers)
        )
        policies = LoginPolicies(
            self,
            "Logins",
            layout=layout,
            servers=servers,
            description=login_description(name, environment),
            role=self.role,
            anew=identity.task_role,
            name=fixed if of_permission_set else None,
        )
        if identity.identity_center:
            self._marked(policies.node.find_child("Policy"))
            CfnOutput(
                self,
                "Reference",
                description=f"The permission set {identity.identity_center.permission_set} refers "
                "to this customer managed policy",
                value=Stack.of(self).to_json_string({"Name": fixed[1], "Path": fixed[0]}),
            ).override_logical_id(f"PermissionSet{alphanumeric(name)}")

    def _role(
        self,
        identity: Identity,
        role_name: str,
        execution_role_arn: str | None,
        providers: Mapping[str, iam.CfnOIDCProvider],
    ) -> iam.IRole:
        if identity.role_name:
            return iam.Role.from_role_name(self, "Role", identity.role_name)
        role = identity_role(
            self,
            "Role",
            identity,
            name=self._name,
            role_name=role_name,
            execution_role_arn=execution_role_arn,
        )
        self._marked(role)
        if identity.issuer in providers:
            role.node.add_dependency(providers[identity.issuer])
        pods = identity.kubernetes
        if pods and pods.cluster:
            eks.CfnPodIdentityAssociation(
                self,
                "Pods",
                cluster_name=pods.cluster,
                namespace=pods.namespace,
                service_account=pods.service_account,
                role_arn=role.role_arn,
            )
        CfnOutput(
            self, "RoleArn", description=f"What {self._name} takes", value=role.role_arn
        ).override_logical_id(f"Role{alphanumeric(self._name)}")
        return cast("iam.IRole", role)

    def _marked(self, made: object) -> None:
        # For those who read the templates: whose it is.
        resource = cast("CfnResource", cast("Construct", made).node.default_child)
        resource.add_metadata(METADATA, self._name)
