"""What CloudFormation's import takes, to have retained resources in a stack again.

Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack".
"""

from collections.abc import Mapping
from typing import Any

from deployed.stack import DeployedStack

# What import knows a resource by: the primary identifier of its type's schema.
IDENTIFIERS = {
    "AWS::EC2::SecurityGroup": "Id",
    "AWS::EC2::Subnet": "SubnetId",
    "AWS::EC2::VPC": "VpcId",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Key": "KeyId",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
}


def resources(stack: DeployedStack) -> list[dict[str, Any]]:
    """The resources to import, as CreateChangeSet takes them."""
    return [
        {
            "LogicalResourceId": one.logical_id,
            "ResourceType": one.type,
            "ResourceIdentifier": {IDENTIFIERS[one.type]: one.id},
        }
        for one in stack.retained
    ]


def template(stack: DeployedStack) -> dict[str, Any]:
    """The stack's template with these alone, as an import makes nothing."""
    names = {one.logical_id for one in stack.retained}
    description = stack.template.get("Description")
    return {
        **({"Description": description} if description else {}),
        "Resources": {
            name: _without_others(resource, names)
            for name, resource in stack.template.get("Resources", {}).items()
            if name in names
        },
    }


def _without_others(resource: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    depends = resource.get("DependsOn", [])
    listed = [depends] if isinstance(depends, str) else depends
    left = [one for one in listed if one in names]
    rest = {key: value for key, value in resource.items() if key != "DependsOn"}
    return {**rest, **({"DependsOn": left} if left else {})}
