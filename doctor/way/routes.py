"""Route tables: whether a packet and its answer find the other subnet.

Sources: Amazon VPC User Guide, "Configure route tables"; Amazon VPC Peering Guide.
"""

from ipaddress import ip_network
from typing import Any

from doctor.way.ends import End, Obstacle, Record, all_of, of_subnet


def missing(ec2: Any, asking: End, server: End) -> Obstacle | None:
    """The first of the two ends whose table does not lead to the other."""
    tables = all_of(ec2.describe_route_tables, "RouteTables", asking, server)
    for end, other in ((asking, server), (server, asking)):
        table = of_subnet(tables, end)
        if table and (how := _why_not(ec2, table["Routes"], end, other)):
            return Obstacle(
                key="no-path",
                seen=f"of a route from {end} in {end.vpc} to {other} in {other.vpc} the route table"
                f" {table['RouteTableId']} {how}",
                where=table["RouteTableId"],
            )
    return None


def _why_not(ec2: Any, routes: list[Record], end: End, other: End) -> str | None:
    ways = [
        (network.prefixlen, route)
        for route in routes
        if (block := route.get("DestinationCidrBlock"))
        and other.address in (network := ip_network(block))
    ]
    _, best = max(ways, key=lambda one: one[0], default=(0, None))
    if best and best.get("State") == "blackhole":
        return f"leads {best['DestinationCidrBlock']} nowhere (blackhole)"
    if _may_be_listed(routes):
        return None
    if best is None:
        return "has none"
    block = best["DestinationCidrBlock"]
    if end.vpc != other.vpc and best.get("GatewayId") == "local":
        return f"leads {block} to its own VPC, whose range has the address, too"
    if end.vpc != other.vpc and _leads_out(ec2, best):
        return f"has none but {block}, which leads to the internet"
    return None


def _may_be_listed(routes: list[Record]) -> bool:
    """Whether one is of a prefix list, which is not looked up, other than that of a service."""
    return any(
        one.get("DestinationPrefixListId") and not one.get("GatewayId", "").startswith("vpce-")
        for one in routes
    )


def _leads_out(ec2: Any, route: Record) -> bool:
    """Whether it leads to the internet, on which no address of a VPC's is found."""
    if nat := route.get("NatGatewayId"):
        # A private one may lead on to another VPC.
        [found] = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
        return found.get("ConnectivityType") != "private"
    return route.get("GatewayId", "").startswith("igw-")
