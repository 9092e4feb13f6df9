from pathlib import Path
from typing import Any

import pytest

from tests.existing import LAKE, NETWORK, POND, refused


def network(**changes: object) -> dict[str, object]:
    return {"network": {"existing": {**NETWORK, **changes}}}


def elsewhere(of: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**of, "existing": {**of["existing"], "ranges": ["10.99.0.0/16"], **changes}}


def test_it_is_taken_with_its_attributes_alone(tmp_path: Path) -> None:
    assert refused(network(), tmp_path) == []


ONE, OTHER = NETWORK["subnets"]


@pytest.mark.parametrize(
    ("change", "at", "says"),
    [
        ({"vpc": "vpc-12345"}, ".vpc", "must be the id of a VPC"),
        ({"vpc": "main"}, ".vpc", "must be the id of a VPC, such as vpc-0a1b2c3d"),
        ({"subnets": [ONE]}, ".subnets", "must be a list of 2 to 6 items"),
        ({"subnets": [ONE, ONE]}, "", "subnets must differ: subnet-0a1b2c3d is declared twice"),
        (
            {"subnets": [ONE, {**OTHER, "zone": "a"}]},
            "",
            "subnet-0a1b2c3d and subnet-1b2c3d4e are both in a",
        ),
        (
            {"subnets": [ONE, {**OTHER, "zone": "f"}]},
            ".subnets[1].zone",
            "'f' is no zone of eu-central-1",
        ),
        ({"subnets": ["subnet-0a1b2c3d", OTHER]}, ".subnets[0]", "must be a mapping with keys of"),
        ({"ranges": ["8.8.8.0/24"]}, ".ranges[0]", "has addresses of the internet"),
        ({"ranges": ["10.0.1.0/16"]}, ".ranges[0]", "must begin where a range of /16 does"),
        ({"missing_endpoints": ["ssm"]}, ".missing_endpoints[0]", "'secretsmanager', 'sqs'"),
        ({"missing_endpoints": ["sqs", "sqs"]}, "", "must differ: sqs is declared twice"),
        ({"missing_endpoints": ["s3"]}, "", "with s3 and route_tables go together"),
        ({"route_tables": ["rtb-0a1b2c3d"]}, "", "with s3 and route_tables go together"),
        ({"endpoints_security_group": "default"}, ".endpoints_security_group", "must be the id"),
    ],
)
def test_each_wrong_attribute_has_its_sentence_at_its_place(
    change: dict[str, object], at: str, says: str, tmp_path: Path
) -> None:
    [line] = refused(network(**change), tmp_path)
    assert line.startswith(f"network.existing{at}: ")
    assert says in line


@pytest.mark.parametrize("key", ["cidr", "zones"])
def test_nothing_that_would_change_it_stands_beside_it(key: str, tmp_path: Path) -> None:
    value = {"cidr": "10.1.0.0/16", "zones": ["a", "b"]}[key]
    [line] = refused({"network": {"existing": NETWORK, key: value}}, tmp_path)
    assert line == (
        f"network: {key} is of a network that is made: it must not stand beside `existing`, of "
        "which nothing is changed"
    )


def test_an_instance_is_reached_by_a_group_or_in_ranges(tmp_path: Path) -> None:
    nowhere = {key: value for key, value in LAKE["existing"].items() if key != "security_group"}
    [line] = refused({"instances.lake": {**LAKE, "existing": nowhere}}, tmp_path)
    assert "must have a security_group, or the ranges of another network" in line


def test_the_group_of_an_instance_elsewhere_needs_the_ranges_of_this_network(
    tmp_path: Path,
) -> None:
    changes = {**network(ranges=[]), "instances.lake": elsewhere(LAKE)}
    [line] = refused(changes, tmp_path)
    assert line.startswith("instances.lake.existing.ranges: ")
    assert "network.existing must have ranges" in line


def test_an_instance_elsewhere_has_none_of_this_networks_addresses(tmp_path: Path) -> None:
    changes = {**network(), "instances.lake": elsewhere(LAKE, ranges=["10.0.128.0/20"])}
    [line] = refused(changes, tmp_path)
    assert "'10.0.128.0/20' overlaps 10.0.0.0/16" in line


def test_a_security_group_is_of_one_network(tmp_path: Path) -> None:
    changes: dict[str, object] = {"instances.lake": elsewhere(LAKE), "instances.pond": POND}
    [line] = refused(changes, tmp_path)
    assert line == (
        "instances.pond.existing.security_group: 'sg-0a1b2c3d' is of one network, and "
        "instances.lake is in another"
    )
