"""Instances for whose sake Amazon EC2 would not delete a network that is to go."""

from collections.abc import Iterator, Sequence
from typing import Any

from deployed.stack import DeployedStack, resources_of, stays


def in_the_way(session: Any, stacks: Sequence[DeployedStack]) -> Iterator[str]:
    """Each instance that stands in a network of ``stacks`` and does not go with them.

    Args:
        session: of boto3; it calls DescribeDBInstances of RDS.
        stacks: that are to be removed.
    """
    going = {
        stack.ids.get(logical_id)
        for stack in stacks
        for logical_id in resources_of(stack.template, "AWS::RDS::DBInstance")
        if not stays(stack.template, logical_id)
    }
    networks = {
        stack.ids.get(logical_id)
        for stack in stacks
        for logical_id in resources_of(stack.template, "AWS::EC2::VPC")
        if not stays(stack.template, logical_id)
    }
    if not networks:
        return
    for page in session.client("rds").get_paginator("describe_db_instances").paginate():
        for one in page["DBInstances"]:
            identifier = one["DBInstanceIdentifier"]
            network = one.get("DBSubnetGroup", {}).get("VpcId")
            if network in networks and identifier not in going:
                yield (
                    f"Amazon EC2 deletes no network in which something stands: the instance "
                    f"{identifier} stays, and is in {network}; delete it first"
                )
