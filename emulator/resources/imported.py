"""Types that the emulator does not import, and of which a removal leaves some.

Source: CloudFormation user guide, "Resource type support" (imports).
"""

from emulator.engine import Emulator

_TYPES = (
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
)


def register(emulator: Emulator) -> None:
    """Let stacks import what others retained. After all that handles these types."""
    for name in _TYPES:
        emulator.stacks.importable(name)
