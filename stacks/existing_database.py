"""The stack of an instance that was there before: who may reach it, and nothing else."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from airflow_rds_iam.clients import Client, let_in
from airflow_rds_iam.declaration.existing import ExistingInstance as Declared
from airflow_rds_iam.network.network import Network
from airflow_rds_iam.servers.existing_instance import ExistingInstance


class ExistingDatabaseStack(Stack):
    """Rules of the instance's security group, for Airflow, the users' function and clients.

    Args:
        lets_in: let Airflow and the clients in, which another instance with the same security group
            and port may do already: EC2 takes a rule once.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        existing: Declared,
        network: Network,
        clients: Sequence[Client] = (),
        lets_in: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.instance = ExistingInstance(
            self,
            "Postgres",
            identifier=existing.identifier,
            host=existing.endpoint,
            port=existing.port,
            resource_id=existing.resource_id,
            security_group_id=existing.security_group,
            administrator=existing.administrator,
            ranges=existing.ranges,
            reached_from=network.ranges if existing.ranges else [],
            cluster=existing.is_cluster,
            reader_host=existing.reader_endpoint,
        )
        self.users_security_group = ec2.SecurityGroup(
            self,
            "UsersSecurityGroup",
            vpc=network.vpc,
            description=f"Database users of {existing.identifier}",
            allow_all_outbound=False,
        )
        port = ec2.Port.tcp(existing.port)
        out = "The database, nothing else"
        for one in existing.ranges:
            self.users_security_group.add_egress_rule(ec2.Peer.ipv4(one), port, out)
        if not existing.ranges:
            self.users_security_group.connections.allow_to_default_port(self.instance, out)
        if not lets_in:
            return
        for security_group in self.instance.connections.security_groups:
            if existing.ranges:
                for one in network.ranges:
                    security_group.add_ingress_rule(ec2.Peer.ipv4(one), port, "This network")
            else:
                for airflow in network.airflow_security_groups.values():
                    security_group.add_ingress_rule(airflow, port, "Airflow")
            let_in(
                self,
                [one for one in clients if not existing.ranges or _is_further(one, network)],
                security_group=security_group,
                port=existing.port,
            )


def _is_further(client: Client, network: Network) -> bool:
    """Whether it is let in to another network by more than the rule for the whole of this one."""
    return client.security_group is None and client.range not in network.ranges
