"""The stack that almost never changes."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnResource, ReferenceStrength, Stack
from constructs import Construct

from airflow_rds_iam.declaration import network as declared
from airflow_rds_iam.declaration.airflow_names import AIRFLOW
from airflow_rds_iam.declaration.existing_network import ExistingNetwork as Existing
from airflow_rds_iam.network.existing_network import ExistingNetwork
from airflow_rds_iam.network.network import Network
from airflow_rds_iam.network.new_network import NewNetwork


class NetworkStack(Stack):
    """The network of an environment.

    Args:
        airflows: identities of those that are made in it.
        retain: an instance is retained, and so is what it stands in.
        tasks_take_roles: tasks of Airflow's call STS.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: declared.Network,
        airflows: Sequence[str] = (AIRFLOW,),
        retain: bool = False,
        tasks_take_roles: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._zones = [f"{self.region}{letter}" for letter in network.zone_letters]
        self.network: Network = (
            self._existing(network.existing, airflows)
            if network.existing
            else self._new(network, airflows, retain, tasks_take_roles)
        )
        # What lets a function in for a while is taken away from nobody.
        endpoints = self.network.endpoints_security_group
        for construct in self.node.find_all():
            if isinstance(construct, CfnResource) and (
                endpoints is None or construct.node.scope is not endpoints
            ):
                # What stands in the network is replaced with it, so nobody takes it away from
                # under them, and they know its ids before they are deployed.
                construct.apply_cross_stack_reference_strength(ReferenceStrength.STRONG)

    def _new(
        self,
        network: declared.Network,
        airflows: Sequence[str],
        retain: bool,
        tasks_take_roles: bool,
    ) -> Network:
        return NewNetwork(
            self,
            "Network",
            cidr=network.cidr,
            zones=self._zones,
            egress=network.egress,
            airflows=airflows,
            retain=retain,
            tasks_take_roles=tasks_take_roles,
        )

    def _existing(self, existing: Existing, airflows: Sequence[str]) -> Network:
        return ExistingNetwork(
            self,
            "Network",
            vpc_id=existing.vpc,
            subnets=dict(zip(self._zones, (one.id for one in existing.subnets), strict=True)),
            ranges=existing.ranges,
            airflows=airflows,
            missing_endpoints=existing.missing_interfaces,
            endpoints_security_group_id=existing.endpoints_security_group,
            route_tables=existing.route_tables,
        )

    @property
    def availability_zones(self) -> list[str]:
        """The declared zones: CDK would else ask the account for its own during synthesis."""
        return self._zones
