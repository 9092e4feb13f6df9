"""Lambda's functions: refused, as Lambda refuses them, where their role lacks what they need."""

from local.aws.emulator import Created, Emulator, Properties, ResourceType

_SERVICE = "lambda.amazonaws.com"
# Amazon's Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC".
_VPC_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
)


def register(emulator: Emulator) -> None:
    """Handle functions."""
    own = emulator.resource_type("AWS::Lambda::Function")

    def check(properties: Properties) -> None:
        role = properties["Role"]
        source = f"arn:aws:lambda:{emulator.region}:{emulator.account}:function:"
        if not emulator.role_trusts(role, _SERVICE, source):
            raise ValueError(
                f"The role defined for the function cannot be assumed by Lambda: {role}"
            )
        network: Properties = properties.get("VpcConfig") or {}
        if network.get("SubnetIds"):
            session = emulator.role_session(role, "lambda", 60)
            for action in _VPC_ACTIONS:
                if not emulator.decide(session.access_key_id, action, "*").allowed:
                    raise ValueError(
                        "The provided execution role does not have permissions to call "
                        f"{action.removeprefix('ec2:')} on EC2"
                    )

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        check(properties)
        return own.create(logical_id, properties, stack)

    def update(name: str, old: Properties, new: Properties) -> Created:
        check(new)
        return own.change(name, old, new)

    emulator.handle("AWS::Lambda::Function", ResourceType(create, own.delete, update))
