"""EC2's resource types."""

from local.aws.emulator import Created, Emulator, Properties, ResourceType


def register(emulator: Emulator) -> None:
    """Handle rules of security groups, addresses, NAT gateways, flow logs; the VPC's CIDR."""
    for direction in ("Ingress", "Egress"):
        emulator.handle(f"AWS::EC2::SecurityGroup{direction}", _rule(emulator, direction))
    emulator.handle(
        "AWS::EC2::EIP",
        _made_by_call(
            emulator,
            create="AllocateAddress",
            delete="ReleaseAddress",
            identifier="AllocationId",
            attributes={"AllocationId": "allocationId", "PublicIp": "publicIp"},
        ),
    )
    emulator.handle(
        "AWS::EC2::NatGateway",
        _made_by_call(
            emulator,
            create="CreateNatGateway",
            delete="DeleteNatGateway",
            identifier="NatGatewayId",
            attributes={"NatGatewayId": "natGatewayId"},
        ),
    )
    emulator.handle("AWS::EC2::FlowLog", _flow_log(emulator))
    _give_vpcs_their_cidr(emulator)


def _rule(emulator: Emulator, direction: str) -> ResourceType:
    """A rule of a security group that stands beside the group, which breaks cycles."""
    peer = "Source" if direction == "Ingress" else "Destination"

    def parameters(properties: Properties) -> dict[str, str]:
        group = properties["GroupId"]
        other = properties.get(f"{peer}SecurityGroupId")
        groups = emulator.store("ec2", "_security_groups")
        for name in filter(None, (group, other)):
            if name not in groups:
                raise ValueError(f"The security group '{name}' does not exist")
        permission = "IpPermissions.1"
        given = {
            "GroupId": group,
            f"{permission}.IpProtocol": str(properties["IpProtocol"]),
            f"{permission}.FromPort": str(properties.get("FromPort", "")),
            f"{permission}.ToPort": str(properties.get("ToPort", "")),
            f"{permission}.IpRanges.1.CidrIp": properties.get("CidrIp", ""),
            f"{permission}.Ipv6Ranges.1.CidrIpv6": properties.get("CidrIpv6", ""),
            f"{permission}.PrefixListIds.1.PrefixListId": properties.get(f"{peer}PrefixListId", ""),
            f"{permission}.Groups.1.GroupId": other or "",
        }
        if description := properties.get("Description"):
            given |= {
                f"{key.rpartition('.')[0]}.Description": description
                for key, value in given.items()
                if value and key.count(".") == 4
            }
        return {name: value for name, value in given.items() if value}

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        action = f"AuthorizeSecurityGroup{direction}"
        answer = emulator.call("ec2", action, **parameters(properties))
        rule = answer.findtext(".//securityGroupRuleId") or ""
        return rule, {"Id": rule}

    def delete(_rule: str, properties: Properties) -> None:
        if properties["GroupId"] in emulator.store("ec2", "_security_groups"):
            emulator.call("ec2", f"RevokeSecurityGroup{direction}", **parameters(properties))

    return ResourceType(create, delete)


def _made_by_call(
    emulator: Emulator, *, create: str, delete: str, identifier: str, attributes: dict[str, str]
) -> ResourceType:
    def create_it(_logical_id: str, properties: Properties, _stack: str) -> Created:
        scalars = {name: str(value) for name, value in properties.items() if name != "Tags"}
        answer = emulator.call("ec2", create, **scalars)
        found = {name: answer.findtext(f".//{tag}") or "" for name, tag in attributes.items()}
        reference = "PublicIp" if "PublicIp" in found else identifier
        return found[reference], found

    def delete_it(physical_id: str, _properties: Properties) -> None:
        name, value = identifier, physical_id
        if identifier == "AllocationId":  # the reference to an address is the address
            addresses = emulator.store("ec2", "_addresses")
            value = next(i for i, a in addresses.items() if a["PublicIp"] == physical_id)
        emulator.call("ec2", delete, **{name: value})

    return ResourceType(create_it, delete_it)


def _flow_log(emulator: Emulator) -> ResourceType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        if role := properties.get("DeliverLogsPermissionArn"):
            service = "vpc-flow-logs.amazonaws.com"
            source = f"arn:aws:ec2:{emulator.region}:{emulator.account}:vpc-flow-log/*"
            if not emulator.role_trusts(role, service, source):
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


def _give_vpcs_their_cidr(emulator: Emulator) -> None:
    own = emulator.resource_type("AWS::EC2::VPC")

    def with_cidr(created: Created) -> Created:
        vpc, attributes = created
        cidr = emulator.store("ec2", "_vpcs")[vpc]["CidrBlock"]
        return vpc, {**attributes, "CidrBlock": cidr}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        return with_cidr(own.create(logical_id, properties, stack))

    def update(vpc: str, old: Properties, new: Properties) -> Created:
        return with_cidr(own.change(vpc, old, new))

    emulator.handle("AWS::EC2::VPC", ResourceType(create, own.delete, update))
