"""Peering connections: a route to one that is not active is a blackhole."""

from collections.abc import Mapping

from emulator.engine import Emulator


def register(emulator: Emulator) -> None:
    """Have each route's state be that of its peering connection.

    Source: Amazon VPC Peering Guide, "Update your route tables for a VPC peering connection".
    """

    def states(_: Mapping[str, str]) -> None:
        peerings = emulator.store("ec2", "_vpc_peering")
        for table in emulator.store("ec2", "_route_tables").values():
            for route in table["Routes"]:
                if name := route.get("VpcPeeringConnectionId"):
                    status = peerings[name]["Status"]["Code"] if name in peerings else "deleted"
                    route["State"] = "active" if status == "active" else "blackhole"

    for action in ("CreateRoute", "AcceptVpcPeeringConnection", "DeleteVpcPeeringConnection"):
        emulator.around(action, service="ec2", after=states)
