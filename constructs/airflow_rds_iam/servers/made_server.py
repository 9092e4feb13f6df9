"""A server that is made here, whatever kind it is of, as grants need it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import jsii
from aws_cdk import CfnDeletionPolicy, CfnResource, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, acknowledge, acknowledge_rule
from airflow_rds_iam.servers.foundation import Foundation
from airflow_rds_iam.servers.server import grant_connect

MASTER_USER = "administrator"


@jsii.implements(ec2.IConnectable)
class MadeServer(Construct):
    """An instance or a cluster with all that it stands on, once it `_is_made`.

    Args:
        identifier: what RDS calls it; it names the log groups.
        kind: which of the two it is.
        retain: keep it and all that it stands on when the stack is removed.
        resource_id: its id, where it is not the one that it was made with.
        log_exports: the logs that it exports.
        log_retention_days: days that CloudWatch Logs takes.
    """

    host: str
    """The endpoint's name: what a token is signed for and the certificate names."""
    port: str
    """The endpoint's port, as a string."""
    made_resource_id: str
    """The id that it was made with, which CloudFormation keeps after a restore."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identifier: str,
        kind: Literal["instance", "cluster"],
        retain: bool,
        resource_id: str | None,
        vpc: ec2.IVpc,
        log_exports: Sequence[str],
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.identifier = identifier
        self.master_user = MASTER_USER
        self._kind = kind
        self._resource_id = resource_id
        # Where the first creation fails, nothing stays, so that it can be tried again.
        self._policy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retain else RemovalPolicy.DESTROY
        self._foundation = Foundation(
            self,
            identifier=identifier,
            kind=kind,
            vpc=vpc,
            log_exports=log_exports,
            retention_days=log_retention_days,
            policy=self._policy,
        )

    def _is_made(
        self,
        server: CfnResource,
        parameter_group: CfnResource,
        *,
        host: str,
        port: str,
        resource_id: str,
        deletion_protection: bool,
    ) -> None:
        """Have the server follow its logs, stay with what it stands on, and be known by these."""
        self._server = server
        # Each was asked of Node.js, and every grant needs it.
        self.host, self.port, self.made_resource_id = host, port, resource_id
        server.apply_removal_policy(self._policy)
        for group in self._foundation.log_groups:
            server.add_resource_dependency(group)
        # The group of another major version's family takes the place of one that nobody needs.
        parameter_group.cfn_options.deletion_policy = server.cfn_options.deletion_policy
        parameter_group.cfn_options.update_replace_policy = CfnDeletionPolicy.DELETE
        acknowledge(
            server,
            "AwsSolutions-RDS11",
            reason="The port hides nothing from who is in the network: the security group opens it "
            "to Airflow and to the database users' function alone, and tools expect it.",
        )
        if not deletion_protection:
            made_anew = (
                f"deletion_protection: false is declared for this {self._kind}, whose data can be "
                "made anew."
            )
            acknowledge(server, "AwsSolutions-RDS10", reason=made_anew)
            acknowledge_rule(
                server,
                "RDSInstanceDeletionProtectionEnabled",
                packs=(NIST, HIPAA),
                reason=made_anew,
            )

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach its port."""
        return self._foundation.connections

    @property
    def resource_id(self) -> str:
        """What stands for it in the ARN of a user: as declared, or as it was made."""
        return self._resource_id or self.made_resource_id

    @property
    def lived_in(self) -> bool:
        """Nobody was there before."""
        return False

    @property
    def told(self) -> Mapping[str, str]:
        """Which server a declared resource id stands for."""
        same = self.resource_id == self.made_resource_id
        return {} if same else {"MadeResourceId": self.made_resource_id}

    def come_last(self, scope: Construct, *, before: Sequence[CfnResource] = ()) -> None:
        """Make it once everything else within ``scope`` is there, but for what comes after it.

        Nothing can take a server away that is protected from deletion: if what comes after it
        failed, the first creation could be neither rolled back nor tried again.
        """
        after = {self._server.node.path, *(one.node.path for one in before)}
        for other in scope.node.find_all():
            if isinstance(other, CfnResource) and other.node.path not in after:
                self._server.add_resource_dependency(other)

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other."""
        return grant_connect(self, grantee, resource_id=self.resource_id, user=user)
