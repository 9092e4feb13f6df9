"""Lambda's functions: with their network, and refused where their role lacks what they need."""

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where

_SERVICE = "lambda.amazonaws.com"
# Lambda API reference, CreateFunction: seconds and MB. The schema has what other kinds may have.
_MOST = {"Timeout": 900, "MemorySize": 10_240}
# Amazon's Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC".
_VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
)


def register(emulator: Emulator) -> None:
    """Handle functions."""
    own = emulator.stacks.resource_type("AWS::Lambda::Function")

    def check(properties: Properties) -> None:
        for name, most in _MOST.items():
            if int(properties.get(name, most)) > most:
                raise ValueError(f"{name} {properties[name]}: {most} at most")
        role = properties["Role"]
        source = f"arn:aws:lambda:{emulator.region}:{emulator.account}:function:"
        if not emulator.identities.role_trusts(role, _SERVICE, source):
            raise ValueError(
                f"The role defined for the function cannot be assumed by Lambda: {role}"
            )
        network: Properties = properties.get("VpcConfig") or {}
        if network.get("SubnetIds"):
            session = emulator.identities.role_session(role, "lambda", 60)
            for action in _VPC_ACTIONS:
                if not emulator.identities.decide(session.access_key_id, action, "*").allowed:
                    raise ValueError(
                        "The provided execution role does not have permissions to call "
                        f"{action.removeprefix('ec2:')} on EC2"
                    )

    def with_network(created: Created, properties: Properties) -> Created:
        record = emulator.store("lambda_svc", "_functions")[created[0]]
        record["config"]["VpcConfig"] = properties.get("VpcConfig") or {}
        return created

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        check(properties)
        return with_network(own.create(logical_id, properties, stack), properties)

    def update(name: str, old: Properties, new: Properties, where: Where) -> Created:
        check(new)
        return with_network(own.change(name, old, new, where), new)

    emulator.stacks.handle("AWS::Lambda::Function", ResourceType(create, own.delete, update))
