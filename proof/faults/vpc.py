"""Two network interfaces of EC2's: who asks, and a server."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from proof.faults.fault import Asked, Injection, Scene
from proof.faults.network import SILENT, filled

_PEERED = "10.99.0.0/24"
PORT = 5432  # that is declared


@dataclass(frozen=True, kw_only=True)
class End:
    """A network interface, and what it stands in."""

    id: str
    address: str
    subnet: str
    groups: list[str]

    @property
    def range(self) -> str:
        """The address alone, as a block."""
        return f"{self.address}/32"


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """The two ends of the way to a server, as whoever administrates the network has them."""

    ec2: Any
    port: int
    asking: End
    server: End


Around = Callable[[Vpc], AbstractContextManager[object]]


def from_airflow(*wrong: Around) -> Injection:
    """Asked from Airflow's own subnet, while something is wrong on the way."""

    def place(_: Any, scene: Scene, __: ExitStack) -> tuple[str, list[str]]:
        network = scene.deployment.airflow_environment["NetworkConfiguration"]
        # In the other zone: what stays in a subnet passes no network ACL.
        return network["SubnetIds"][1], network["SecurityGroupIds"]

    return _placed(place, wrong)


def from_peered(*wrong: Around, peering: bool = True) -> Injection:
    """Asked from another VPC, whose address the server's group lets in."""

    def place(ec2: Any, _: Scene, stack: ExitStack) -> tuple[str, list[str]]:
        return _other_vpc(ec2, stack)

    around: Around = _peering if peering else (lambda _: nullcontext())
    return _placed(place, (_let_in, around, *wrong))


def _placed(
    place: Callable[[Any, Scene, ExitStack], tuple[str, list[str]]], wrong: tuple[Around, ...]
) -> Injection:
    @contextmanager
    def inject(scene: Scene) -> Generator[Asked]:
        account, instance = scene.deployment.account, scene.deployment.instance
        ec2 = account.client("ec2")
        with ExitStack() as stack:
            stands, port = instance["DBSubnetGroup"]["Subnets"][0], instance["Endpoint"]["Port"]
            groups = [one["VpcSecurityGroupId"] for one in instance["VpcSecurityGroups"]]
            vpc = Vpc(
                ec2=ec2,
                port=port,
                asking=_interface(ec2, stack, *place(ec2, scene, stack)),
                server=_interface(ec2, stack, stands["SubnetIdentifier"], groups),
            )
            for one in (_at_this_port, *wrong):
                stack.enter_context(one(vpc))
            is_open = account.gets_through(vpc.asking.id, vpc.server.id, port)
            stack.enter_context(filled(scene))
            yield Asked(
                variables={"PGHOSTADDR": ""},
                resolves=vpc.server.address,
                stands_at=vpc.asking.address,
                leads_to="127.0.0.1" if is_open else SILENT,
            )

    return inject


def _other_vpc(ec2: Any, stack: ExitStack) -> tuple[str, list[str]]:
    vpc = ec2.create_vpc(CidrBlock=_PEERED)["Vpc"]["VpcId"]
    stack.callback(ec2.delete_vpc, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=_PEERED)["Subnet"]["SubnetId"]
    stack.callback(ec2.delete_subnet, SubnetId=subnet)
    group = ec2.create_security_group(GroupName="asking", Description="asking", VpcId=vpc)
    stack.callback(ec2.delete_security_group, GroupId=group["GroupId"])
    return subnet, [group["GroupId"]]


def _interface(ec2: Any, stack: ExitStack, subnet: str, groups: list[str]) -> End:
    made = ec2.create_network_interface(SubnetId=subnet, Groups=groups)["NetworkInterface"]
    name = made["NetworkInterfaceId"]
    stack.callback(ec2.delete_network_interface, NetworkInterfaceId=name)
    return End(id=name, address=made["PrivateIpAddress"], subnet=subnet, groups=groups)


@contextmanager
def _at_this_port(vpc: Vpc) -> Generator[None]:
    """With a group's rules for the declared port on that which stands for it on this machine."""
    found = vpc.ec2.describe_security_groups(GroupIds=vpc.server.groups)["SecurityGroups"]
    twins = [
        {
            "GroupId": group["GroupId"],
            "IpPermissions": [{**rule, "FromPort": vpc.port, "ToPort": vpc.port}],
        }
        for group in found
        for rule in group["IpPermissions"]
        if (rule["FromPort"], rule["ToPort"]) == (PORT, PORT)
    ]
    for twin in twins:
        vpc.ec2.authorize_security_group_ingress(**twin)
    try:
        yield
    finally:
        for twin in twins:
            vpc.ec2.revoke_security_group_ingress(**twin)


@contextmanager
def _let_in(vpc: Vpc) -> Generator[None]:
    """With a rule for the address that asks."""
    rule = {
        "GroupId": vpc.server.groups[0],
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": vpc.port,
                "ToPort": vpc.port,
                "IpRanges": [{"CidrIp": vpc.asking.range}],
            }
        ],
    }
    vpc.ec2.authorize_security_group_ingress(**rule)
    try:
        yield
    finally:
        vpc.ec2.revoke_security_group_ingress(**rule)


@contextmanager
def _peering(vpc: Vpc) -> Generator[None]:
    """With a peering connection, and a route to it on either side."""
    ends = [table(vpc, end)["VpcId"] for end in (vpc.asking, vpc.server)]
    made = vpc.ec2.create_vpc_peering_connection(VpcId=ends[0], PeerVpcId=ends[1])
    name = {"VpcPeeringConnectionId": made["VpcPeeringConnection"]["VpcPeeringConnectionId"]}
    vpc.ec2.accept_vpc_peering_connection(**name)
    try:
        with ExitStack() as routes:
            for end, other in ((vpc.asking, vpc.server), (vpc.server, vpc.asking)):
                way = {"RouteTableId": table(vpc, end)["RouteTableId"]}
                way["DestinationCidrBlock"] = other.range
                vpc.ec2.create_route(**way, **name)
                routes.callback(vpc.ec2.delete_route, **way)
            yield
    finally:
        vpc.ec2.delete_vpc_peering_connection(**name)


def table(vpc: Vpc, end: End) -> Any:
    """The route table of an end's subnet."""
    own = [{"Name": "association.subnet-id", "Values": [end.subnet]}]
    if found := vpc.ec2.describe_route_tables(Filters=own)["RouteTables"]:
        return found[0]
    main = [
        {"Name": "vpc-id", "Values": [vpc_of(vpc, end)]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    return vpc.ec2.describe_route_tables(Filters=main)["RouteTables"][0]


def vpc_of(vpc: Vpc, end: End) -> str:
    """The id of the VPC that an end is in."""
    return vpc.ec2.describe_subnets(SubnetIds=[end.subnet])["Subnets"][0]["VpcId"]
