import pytest

from airflow_rds_iam.declaration import offers
from airflow_rds_iam.declaration.conflicts import conflicts
from airflow_rds_iam.declaration.connections import KEPT, connections, crowded
from airflow_rds_iam.declaration.model import Declaration
from tests.declared import dev

LIMIT = "instances.warehouse.connections_per_user"
CLASS = "instances.warehouse.class"


def declared(changes: dict[str, object]) -> Declaration:
    return Declaration.model_validate(dev(changes))


# What RDS's own users report of instances of these classes, at most as many.
@pytest.mark.parametrize(
    ("instance_class", "about"),
    [
        ("db.t4g.micro", 84),
        ("db.t4g.small", 197),
        ("db.t3.medium", 422),
        ("db.m7g.large", 873),
        ("db.r6i.large", 1774),
        ("db.m5.24xlarge", 5000),
        ("db.x2g.large", 3576),
        ("db.unheard.of", None),
    ],
)
def test_a_class_takes_connections_as_it_has_memory(instance_class: str, about: int | None) -> None:
    assert connections(instance_class) == about


def test_each_class_that_rds_offers_is_known() -> None:
    classes = {one for major in ("16", "17", "18") for one in offers.instance_classes(major, None)}
    assert len(classes) > 100
    assert [one for one in sorted(classes) if not connections(one)] == []


def test_the_smallest_class_takes_the_default() -> None:
    assert [*conflicts(declared({CLASS: "db.t4g.micro"}), environment="dev")] == []


def test_no_user_may_have_all_connections() -> None:
    most = 84 - KEPT
    fits, too_many = (
        [*conflicts(declared({CLASS: "db.t4g.micro", LIMIT: one}), environment="dev")]
        for one in (most, most + 1)
    )
    assert fits == []
    [conflict] = too_many
    assert ".".join(map(str, conflict.path)) == LIMIT
    assert "65 would let one user keep all others out: db.t4g.micro takes about 84 connections" in (
        conflict.message
    )
    assert f"allowed are {most}" in conflict.message


def test_what_all_users_together_may_have_is_told_where_it_is_more_than_there_is() -> None:
    assert crowded(declared({}), "warehouse") is None
    why = crowded(declared({LIMIT: 100}), "warehouse")
    assert why is not None
    assert "5 users of up to 100 connections each may together have 500 on warehouse" in why
    assert "with connections_per_user: 80 each has its own" in why
    assert crowded(declared({LIMIT: 80}), "warehouse") is None
