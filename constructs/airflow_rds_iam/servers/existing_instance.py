"""An RDS for PostgreSQL instance, or an Aurora cluster, that was there before."""

from collections.abc import Mapping, Sequence

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.servers.server import grant_connect


@jsii.implements(ec2.IConnectable)
class ExistingInstance(Construct):
    """A server by its attributes, so that nobody must look it up: nothing of it is made.

    The users of a cluster log in by its own id, whichever of its instances they come to ("Creating
    and using an IAM policy for IAM database access" of the Aurora guide).

    Args:
        identifier: of the DB instance or DB cluster.
        host: its own endpoint, such as ``orders.abcdefghijkl.eu-central-1.rds.amazonaws.com``.
        resource_id: its ``DbiResourceId``, ``db-ABC…``, or a cluster's ``cluster-ABC…``.
        security_group_id: of a group of the instance, which rules are added to, if any are.
        ranges: of its addresses, if it is in another network, where rules name ranges.
        reached_from: the ranges that are let in there.
        administrator: a user, member of ``rds_iam``, that may make roles and databases.
        cluster: whether it is an Aurora cluster.
        reader_host: a cluster's endpoint of those that only read, if there are any.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identifier: str,
        host: str,
        port: int,
        resource_id: str,
        security_group_id: str | None,
        administrator: str,
        ranges: Sequence[str] = (),
        reached_from: Sequence[str] = (),
        cluster: bool = False,
        reader_host: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.identifier = identifier
        self.host = host
        self.port = str(port)
        self.cluster = cluster
        self.reader_host = reader_host
        self.resource_id = resource_id
        self.made_resource_id = resource_id
        self.master_user = administrator
        self.security_group_id = security_group_id
        self.ranges = list(ranges)
        self.reached_from = list(reached_from)
        self._connections = ec2.Connections(
            security_groups=[
                ec2.SecurityGroup.from_security_group_id(self, "SecurityGroup", one)
                for one in [security_group_id]
                if one
            ],
            default_port=ec2.Port.tcp(port),
        )

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach the database's port."""
        return self._connections

    @property
    def lived_in(self) -> bool:
        """Others were there before."""
        return True

    @property
    def told(self) -> Mapping[str, Mapping[str, str | Sequence[str]]]:
        """All that is known of the server."""
        return {
            "ExistingServer": {
                "Name": self.identifier,
                "Host": self.host,
                "Port": self.port,
                "SecurityGroup": self.security_group_id or "",
                "Administrator": self.master_user,
                **({"Kind": "cluster"} if self.cluster else {}),
                **({"ReaderHost": self.reader_host} if self.reader_host else {}),
                **(
                    {"Ranges": self.ranges, "ReachedFrom": self.reached_from} if self.ranges else {}
                ),
            }
        }

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other."""
        return grant_connect(self, grantee, resource_id=self.resource_id, user=user)
