"""The stack that almost never changes."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from airflow_rds_iam.declaration import model
from airflow_rds_iam.network import Network


class NetworkStack(Stack):
    """The network of an environment."""

    def __init__(
        self, scope: Construct, construct_id: str, *, network: model.Network, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._zones = [f"{self.region}{letter}" for letter in network.zones]
        self.network = Network(
            self, "Network", cidr=network.cidr, zones=self._zones, egress=network.egress
        )

    @property
    def availability_zones(self) -> list[str]:
        """The declared zones: CDK would else ask the account for its own during synthesis."""
        return self._zones
