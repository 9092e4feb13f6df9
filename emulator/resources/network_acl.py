"""Network ACLs: each subnet has one, and their rules are of ports."""

import secrets
from collections.abc import Mapping

from emulator.engine import Emulator

_WITH_PORTS = ("6", "17")  # TCP and UDP, by their numbers


def register(emulator: Emulator) -> None:
    """Have each subnet a network ACL, and each rule its ports."""
    _give_each_subnet_one(emulator)
    _keep_ports(emulator)


def _keep_ports(emulator: Emulator) -> None:
    """Source: Amazon EC2 API reference, CreateNetworkAclEntry."""

    def check(given: Mapping[str, str]) -> None:
        if given["Protocol"] in _WITH_PORTS and "PortRange.From" not in given:
            raise ValueError("The parameter portRange is required for TCP and UDP")
        acl = emulator.store("ec2", "_network_acls").get(given["NetworkAclId"], {"Entries": ()})
        if any(_named(given) == (one["RuleNumber"], one["Egress"]) for one in acl["Entries"]):
            raise ValueError(f"The network acl entry {given['RuleNumber']} already exists")

    def keep(given: Mapping[str, str]) -> None:
        *_, made = emulator.store("ec2", "_network_acls")[given["NetworkAclId"]]["Entries"]
        if "PortRange.From" in given:
            first, last = (int(given[f"PortRange.{end}"]) for end in ("From", "To"))
            made["PortRange"] = {"From": first, "To": last}

    emulator.around("CreateNetworkAclEntry", service="ec2", before=check, after=keep)


def _named(given: Mapping[str, str]) -> tuple[int, bool]:
    return int(given["RuleNumber"]), given["Egress"] == "true"


def _give_each_subnet_one(emulator: Emulator) -> None:
    """Each subnet has its VPC's own, until it is given another.

    Source: Amazon VPC User Guide, "Control subnet traffic with network access control lists".
    """
    moving: list[str] = []

    def associate(_: Mapping[str, str]) -> None:
        acls = emulator.store("ec2", "_network_acls")
        having = {one["SubnetId"] for acl in acls.values() for one in acl["Associations"]}
        own = {acl["VpcId"]: acl for acl in acls.values() if acl["IsDefault"]}
        for subnet, record in emulator.store("ec2", "_subnets").items():
            if subnet not in having and record["VpcId"] in own:
                one = {
                    "NetworkAclAssociationId": f"aclassoc-{secrets.token_hex(8)}0",
                    "SubnetId": subnet,
                }
                own[record["VpcId"]]["Associations"].append(one)

    def look_up(given: Mapping[str, str]) -> None:
        associate(given)
        moving[:] = [
            one["SubnetId"]
            for acl in emulator.store("ec2", "_network_acls").values()
            for one in acl["Associations"]
            if one["NetworkAclAssociationId"] == given["AssociationId"]
        ]
        if not moving:
            raise ValueError(f"The association ID '{given['AssociationId']}' does not exist")

    def keep(_: Mapping[str, str]) -> None:
        for acl in emulator.store("ec2", "_network_acls").values():
            for one in acl["Associations"]:
                one["SubnetId"] = one["SubnetId"] or moving[0]

    emulator.around("DescribeNetworkAcls", service="ec2", before=associate)
    emulator.around("ReplaceNetworkAclAssociation", service="ec2", before=look_up, after=keep)
