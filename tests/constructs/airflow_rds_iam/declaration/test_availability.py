import re

import pytest

from airflow_rds_iam.declaration import offers
from airflow_rds_iam.declaration.availability import unavailable
from airflow_rds_iam.declaration.model import Declaration
from tests.declared import REMOVED, dev
from tests.existing import OWN_KEY

INSTANCE = "instances.warehouse"


def found(changes: dict[str, object]) -> list[tuple[str, str]]:
    declaration = Declaration.model_validate(dev(changes))
    return [(".".join(map(str, path)), message) for path, message in unavailable(declaration)]


def test_what_the_repository_declares_is_offered() -> None:
    assert found({}) == []
    assert found({f"{INSTANCE}.class": "db.m7g.large"}) == []


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("eu-central-9", "'eu-central-9' is no region of AWS; the nearest are eu-central-"),
        ("eu-centrl-1", "'eu-centrl-1' is no region of AWS; the nearest are eu-central-1, "),
        ("us-gov-west-1", "'us-gov-west-1' has no Amazon MWAA; the nearest are us-"),
    ],
)
def test_a_region_without_a_service_that_is_needed_is_told_with_the_nearest(
    region: str, says: str
) -> None:
    [message] = [message for path, message in found({"region": region}) if path == "region"]
    assert message.startswith(says)
    assert len(re.findall(r"[a-z]+-[a-z]+-\d", message.partition(";")[2])) == 3


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "ap-southeast-4"])
def test_a_region_with_both_services_is_taken(region: str) -> None:
    partition = offers.partition(region)
    role = f"arn:{partition}:iam::111122223333:role/shop"
    changes = {"region": region, "account": REMOVED, "identities.shop.role_arn": role}
    assert found(changes) == []


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        (
            {"network.zones": ["a", "c", "d"]},
            "network.zones.2",
            "'d' is no zone of eu-central-1; there are a, b, c",
        ),
        (
            {"identities.shop.role_arn": "arn:aws-cn:iam::111122223333:role/shop"},
            "identities.shop.role_arn",
            "'arn:aws-cn:iam::111122223333:role/shop' is of another partition: eu-central-1 is of "
            "'aws'",
        ),
        (
            {"alarms": {"topic_arn": "arn:aws:sns:us-east-1:111122223333:alarms"}},
            "alarms.topic_arn",
            "'arn:aws:sns:us-east-1:111122223333:alarms' must be of eu-central-1, as its alarm is",
        ),
        (
            {"airflow.key": (elsewhere := OWN_KEY.replace("eu-central-1", "us-east-1"))},
            "airflow.key",
            f"{elsewhere!r} must be of eu-central-1, as its environment is",
        ),
    ],
)
def test_what_is_not_in_the_region_is_told(
    changes: dict[str, object], path: str, message: str
) -> None:
    assert found(changes) == [(path, message)]


def test_a_zone_that_newer_accounts_do_not_see_is_taken() -> None:
    assert found({"region": "us-west-1", "network.zones": ["a", "b"]}) == []


def test_nothing_is_said_of_the_zones_of_a_region_that_is_not_known() -> None:
    assert offers.zones("eu-central-9") == frozenset()
    assert "e" in offers.zones("us-east-1")


@pytest.mark.parametrize("region", ["ap-southeast-5", "cn-north-1"])
def test_a_region_of_which_no_authority_is_here_is_refused_with_the_way_to_get_it(
    region: str,
) -> None:
    role = f"arn:{offers.partition(region)}:iam::111122223333:role/shop"
    changes = {"region": region, "account": REMOVED, "identities.shop.role_arn": role}
    [(path, message)] = found(changes)
    assert path == "region"
    assert message.startswith(f"no authority of {region!r} is in global-bundle.pem")
    assert message.endswith("run make certificates FILE=…")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {f"{INSTANCE}.class": "db.t4g.medum"},
            "'db.t4g.medum' does not run PostgreSQL 17 in eu-central-1; the nearest are "
            "db.t4g.medium, db.t3.medium, db.t4g.small",
        ),
        (
            {f"{INSTANCE}.class": "db.t4g.medum", "region": REMOVED},
            "'db.t4g.medum' does not run PostgreSQL 17 in any region; the nearest are "
            "db.t4g.medium, db.t3.medium, db.t4g.small",
        ),
        (
            {f"{INSTANCE}.class": "db.m4.large"},  # of the time of PostgreSQL 12
            "'db.m4.large' does not run PostgreSQL 17 in eu-central-1; the nearest are "
            "db.m5.large, db.t4g.large, db.m9g.large",
        ),
    ],
)
def test_a_class_that_does_not_exist_is_told_with_the_nearest_three(
    changes: dict[str, object], message: str
) -> None:
    assert found(changes) == [(f"{INSTANCE}.class", message)]


def test_a_class_is_not_judged_where_nothing_is_known_of_the_region() -> None:
    assert offers.instance_classes("17", "eu-nowhere-1") == frozenset()


def test_a_minor_version_that_never_was_is_told_with_the_latest() -> None:
    [(path, message)] = found({f"{INSTANCE}.engine_version": "17.0"})
    assert path == f"{INSTANCE}.engine_version"
    assert re.fullmatch(
        r"RDS has no PostgreSQL '17\.0'; the latest known are 17\.\d+, 17\.\d+, 17\.\d+", message
    )


@pytest.mark.parametrize("version", ["16", "17.6", "18.1", "17.99"])
def test_a_minor_version_that_is_known_or_newer_than_what_is_known_is_taken(version: str) -> None:
    assert found({f"{INSTANCE}.engine_version": version}) == []


@pytest.mark.parametrize("major", ["16", "17", "18"])
def test_the_libraries_data_is_where_it_is_looked_for(major: str) -> None:
    """When one of them moves it, this fails with the lock's update, not a user's declaration."""
    assert len(offers.engine_versions(major)) > 4
    for region in offers.regions("airflow"):
        assert len(offers.instance_classes(major, region)) > 50, region
    assert len(offers.regions("airflow")) > 30
