"""EC2's resource types."""

from typing import Any

from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where


def register(emulator: Emulator) -> None:
    """Handle rules of security groups, addresses, NAT gateways, flow logs; the VPC's CIDR."""
    for direction in ("Ingress", "Egress"):
        emulator.stacks.handle(f"AWS::EC2::SecurityGroup{direction}", _rule(emulator, direction))
    emulator.stacks.handle("AWS::EC2::EIP", _address(emulator))
    emulator.stacks.handle("AWS::EC2::NatGateway", _nat_gateway(emulator))
    emulator.stacks.handle("AWS::EC2::FlowLog", _flow_log(emulator))
    _keep_groups_that_rules_name(emulator)
    _give_vpcs_their_cidr(emulator)


def _rule(emulator: Emulator, direction: str) -> ResourceType:
    """A rule of a security group that stands beside the group, which breaks cycles."""
    peer = "Source" if direction == "Ingress" else "Destination"
    peers = {
        "IpRanges.1.CidrIp": "CidrIp",
        "Ipv6Ranges.1.CidrIpv6": "CidrIpv6",
        "PrefixListIds.1.PrefixListId": f"{peer}PrefixListId",
        "Groups.1.GroupId": f"{peer}SecurityGroupId",
    }

    def parameters(properties: Properties) -> dict[str, str]:
        groups = emulator.store("ec2", "_security_groups")
        for name in ("GroupId", f"{peer}SecurityGroupId"):
            if name in properties and properties[name] not in groups:
                raise ValueError(f"The security group '{properties[name]}' does not exist")
        permission = {
            name: str(properties[name])
            for name in ("IpProtocol", "FromPort", "ToPort")
            if name in properties
        }
        for parameter, name in peers.items():
            if name in properties:
                permission[parameter] = properties[name]
                if "Description" in properties:
                    described = parameter.rpartition(".")[0]
                    permission[f"{described}.Description"] = properties["Description"]
        numbered = {f"IpPermissions.1.{name}": value for name, value in permission.items()}
        return {"GroupId": properties["GroupId"], **numbered}

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        given = parameters(properties)
        if direction == "Egress":
            _take_default_away(emulator.store("ec2", "_security_groups")[properties["GroupId"]])
        action = f"AuthorizeSecurityGroup{direction}"
        answer = emulator.call("ec2", action, **given)
        rule = answer.findtext(".//securityGroupRuleId") or ""
        return rule, {"Id": rule}

    def delete(rule: str, properties: Properties) -> None:
        group, action = properties["GroupId"], f"RevokeSecurityGroup{direction}"
        found = emulator.call(
            "ec2",
            "DescribeSecurityGroupRules",
            **{"Filter.1.Name": "group-id", "Filter.1.Value.1": group},
        )
        # Revoked by hand, it is gone already.
        if rule in [one.text for one in found.findall(".//securityGroupRuleId")]:
            given = {"GroupId": group, "SecurityGroupRuleId.1": rule}
            emulator.call("ec2", action, **given)

    return ResourceType(create, delete)


def _take_default_away(group: dict[str, Any]) -> None:
    """CloudFormation takes a new group's rule that lets everything out away with the first other.

    Source: AWS CloudFormation Template Reference, "AWS::EC2::SecurityGroup".
    """
    group["IpPermissionsEgress"] = [
        rule
        for rule in group["IpPermissionsEgress"]
        if rule["IpProtocol"] != "-1" or rule["IpRanges"] != [{"CidrIp": "0.0.0.0/0"}]
    ]


def _address(emulator: Emulator) -> ResourceType:
    def create(_logical_id: str, _properties: Properties, _stack: str) -> Created:
        answer = emulator.call("ec2", "AllocateAddress", Domain="vpc")
        allocation = answer.findtext(".//allocationId") or ""
        address = answer.findtext(".//publicIp") or ""
        return address, {"AllocationId": allocation, "PublicIp": address}

    def delete(address: str, _properties: Properties) -> None:
        addresses = emulator.store("ec2", "_addresses")
        for allocation, record in list(addresses.items()):
            if record["PublicIp"] == address:
                emulator.call("ec2", "ReleaseAddress", AllocationId=allocation)

    return ResourceType(create, delete)


def _nat_gateway(emulator: Emulator) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        given = {name: properties[name] for name in ("SubnetId", "AllocationId")}
        answer = emulator.call("ec2", "CreateNatGateway", **given)
        gateway = answer.findtext(".//natGatewayId") or ""
        return gateway, {"NatGatewayId": gateway}

    def delete(gateway: str, _properties: Properties) -> None:
        emulator.call("ec2", "DeleteNatGateway", NatGatewayId=gateway)

    return ResourceType(create, delete)


def _flow_log(emulator: Emulator) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        if role := properties.get("DeliverLogsPermissionArn"):
            service = "vpc-flow-logs.amazonaws.com"
            source = f"arn:aws:ec2:{emulator.region}:{emulator.account}:vpc-flow-log/*"
            if not emulator.identities.role_trusts(role, service, source):
                raise ValueError(f"{role} does not let {service} assume it")
        scalars = {
            name: str(value)
            for name, value in properties.items()
            if name not in ("ResourceId", "Tags", "DestinationOptions")
        }
        scalars["ResourceId.1"] = properties["ResourceId"]
        answer = emulator.call("ec2", "CreateFlowLogs", **scalars)
        log = answer.findtext(".//flowLogIdSet/item") or ""
        return log, {"Id": log}

    def delete(log: str, _properties: Properties) -> None:
        emulator.call("ec2", "DeleteFlowLogs", **{"FlowLogId.1": log})

    return ResourceType(create, delete)


def _keep_groups_that_rules_name(emulator: Emulator) -> None:
    """A group that a rule of another names is not deleted.

    Source: Amazon EC2 API reference, DeleteSecurityGroup.
    """
    own = emulator.stacks.resource_type("AWS::EC2::SecurityGroup")

    def refuse(group: str) -> None:
        for other, record in emulator.store("ec2", "_security_groups").items():
            rules = (*record["IpPermissions"], *record["IpPermissionsEgress"])
            named = {one["GroupId"] for rule in rules for one in rule.get("UserIdGroupPairs", ())}
            if other != group and group in named:
                raise ValueError(f"resource {group} has a dependent object")

    def delete(group: str, properties: Properties) -> None:
        refuse(group)
        own.delete(group, properties)

    emulator.stacks.handle("AWS::EC2::SecurityGroup", ResourceType(own.create, delete, own.update))
    emulator.around(
        "DeleteSecurityGroup",
        service="ec2",
        before=lambda given: refuse(given.get("GroupId", "")),
        code="DependencyViolation",
    )


def _give_vpcs_their_cidr(emulator: Emulator) -> None:
    own = emulator.stacks.resource_type("AWS::EC2::VPC")

    def with_cidr(created: Created) -> Created:
        vpc, attributes = created
        cidr = emulator.store("ec2", "_vpcs")[vpc]["CidrBlock"]
        return vpc, {**attributes, "CidrBlock": cidr}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        return with_cidr(own.create(logical_id, properties, stack))

    def update(vpc: str, old: Properties, new: Properties, where: Where) -> Created:
        return with_cidr(own.change(vpc, old, new, where))

    emulator.stacks.handle("AWS::EC2::VPC", ResourceType(create, own.delete, update))
