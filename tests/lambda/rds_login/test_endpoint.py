import pytest

from rds_login.endpoint import endpoint


@pytest.mark.parametrize(
    ("name", "kind", "region", "partition"),
    [
        ("orders.abcdefghijkl.eu-central-1.rds.amazonaws.com", "", "eu-central-1", "aws"),
        ("a-b-1.c5x.us-gov-west-1.rds.amazonaws.com", "", "us-gov-west-1", "aws-us-gov"),
        ("orders.abc.rds.cn-north-1.amazonaws.com.cn", "", "cn-north-1", "aws-cn"),
        ("orders.abc.cn-north-1.rds.amazonaws.com.cn", "", "cn-north-1", "aws-cn"),
        ("orders.cluster-abc.eu-west-1.rds.amazonaws.com", "cluster", "eu-west-1", "aws"),
        ("orders.cluster-ro-abc.eu-west-1.rds.amazonaws.com", "cluster-ro", "eu-west-1", "aws"),
        (
            "some.cluster-custom-abc.eu-west-1.rds.amazonaws.com",
            "cluster-custom",
            "eu-west-1",
            "aws",
        ),
        ("pool.proxy-abc.eu-west-1.rds.amazonaws.com", "proxy", "eu-west-1", "aws"),
        ("pool.endpoint.proxy-abc.eu-west-1.rds.amazonaws.com", "proxy", "eu-west-1", "aws"),
    ],
)
def test_a_name_tells_whose_endpoint_it_is_and_where(
    name: str, kind: str, region: str, partition: str
) -> None:
    found = endpoint(name)
    assert found is not None
    assert (found.identifier, found.kind) == (name.partition(".")[0], kind)
    assert found.region == region
    assert partition in found.partitions


@pytest.mark.parametrize(
    "name",
    [
        "db.corp.example",
        "orders.eu-central-1.rds.amazonaws.com",
        "orders.endpoint.abc.eu-central-1.rds.amazonaws.com",
        "orders.abc.eu-central-1.rds.amazonaws.com.",
        "orders.abc.eu-central-1.rds.example.com",
        "orders.other-abc.eu-central-1.rds.amazonaws.com",
        "10.0.0.1",
        "",
    ],
)
def test_another_name_is_none_of_rds(name: str) -> None:
    assert endpoint(name) is None
