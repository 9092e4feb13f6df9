"""What EC2 tells of a network, where ministack tells another thing."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from emulator.ministack.private import Ministack

# Amazon EC2 API reference, DescribeVpcEndpoints, as far as the account has them.
_ENDPOINT_FILTERS = {
    "service-name": "ServiceName",
    "vpc-endpoint-id": "VpcEndpointId",
    "vpc-endpoint-state": "State",
    "vpc-endpoint-type": "VpcEndpointType",
    "vpc-id": "VpcId",
}


def correct(ministack: Ministack) -> None:
    """Have endpoints, network ACLs and interfaces told as EC2 tells them."""
    _describe_endpoints_as_they_are_asked_for(ministack)
    _describe_ports_of_network_acls(ministack)
    _give_interfaces_addresses_of_their_subnets(ministack)


def _describe_endpoints_as_they_are_asked_for(ministack: Ministack) -> None:
    """It passes filters over, and does not tell groups and whether a name is the VPC's own."""
    names = ministack.module("services.ec2")
    fields, describe = names["_vpce_fields_xml"], names["_ACTION_MAP"]["DescribeVpcEndpoints"]

    def whole(endpoint: Mapping[str, Any], tag: str = "item") -> str:
        groups = "".join(
            f"<item><groupId>{one}</groupId></item>" for one in endpoint.get("SecurityGroupIds", ())
        )
        private = str(endpoint.get("PrivateDnsEnabled", False)).lower()
        more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>"
        return fields(endpoint, tag).replace("<routeTableIdSet>", f"{more}<routeTableIdSet>")

    def described(parameters: Mapping[str, Any]) -> Any:
        filters: dict[str, list[str]] = names["_parse_filters"](parameters)
        if unknown := filters.keys() - _ENDPOINT_FILTERS.keys():
            wrong = f"The filter '{min(unknown)}' is invalid"
            return names["_error"]("InvalidParameterValue", wrong, 400)
        found = [
            id_
            for id_, one in names["_vpc_endpoints"].items()
            if all(one[_ENDPOINT_FILTERS[name]] in of for name, of in filters.items())
        ]
        if not filters:
            return describe(parameters)
        asked = {f"VpcEndpointId.{number}": [id_] for number, id_ in enumerate(found, 1)}
        return describe(asked or {"VpcEndpointId.1": ["none"]})

    names["_vpce_fields_xml"] = whole
    names["_ACTION_MAP"]["DescribeVpcEndpoints"] = described


def _describe_ports_of_network_acls(ministack: Ministack) -> None:
    """It tells no ports of a network ACL's rule."""
    names = ministack.module("services.ec2")
    described = names["_network_acl_entry_xml"]

    def with_ports(rule: Mapping[str, Any]) -> str:
        if not (ports := rule.get("PortRange")):
            return described(rule)
        xml = f"<portRange><from>{ports['From']}</from><to>{ports['To']}</to></portRange>"
        return described(rule).replace("</item>", f"{xml}</item>")

    names["_network_acl_entry_xml"] = with_ports


def _give_interfaces_addresses_of_their_subnets(ministack: Ministack) -> None:
    """It takes all of them of 10.0.0.0/16.

    A subnet's first four addresses and its last are not given (Amazon VPC User Guide, "Subnet
    CIDR blocks").
    """
    actions = ministack.get("services.ec2", "_ACTION_MAP")
    create = actions["CreateNetworkInterface"]

    def created(parameters: Any) -> Any:
        status, headers, body = create(parameters)
        if status < 400:
            interfaces = ministack.store("ec2", "_network_interfaces")
            made = [*interfaces.values()][-1]
            subnet = ministack.store("ec2", "_subnets")[made["SubnetId"]]
            taken = {one["PrivateIpAddress"] for one in interfaces.values()}
            free = (
                str(one)
                for one in [*ip_network(subnet["CidrBlock"])][4:-1]
                if str(one) not in taken
            )
            old, made["PrivateIpAddress"] = made["PrivateIpAddress"], next(free)
            text = body.decode().replace(f">{old}<", f">{made['PrivateIpAddress']}<")
            body = text.encode()
        return status, headers, body

    actions["CreateNetworkInterface"] = created
