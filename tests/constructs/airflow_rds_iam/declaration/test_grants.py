from airflow_rds_iam.declaration.grants import Grant, grants, group_roles
from airflow_rds_iam.declaration.model import Declaration
from tests.declared import dev


def test_each_identity_on_each_level_makes_one_grant_in_the_order_declared() -> None:
    assert [
        (grant.identity, grant.level, grant.instance, grant.database)
        for grant in grants(Declaration.model_validate(dev()))
    ] == [
        ("airflow", "read", "warehouse", "orders"),
        ("shop", "own", "warehouse", "orders"),
        ("airflow", "write", "warehouse", "reports"),
        ("shop", "own", "warehouse", "reports"),
        ("shop", "own", "warehouse", "payroll"),
    ]


def test_a_grant_names_its_login_user_and_connection() -> None:
    grant = Grant(identity="airflow", instance="warehouse", database="orders", level="read")
    assert grant.user == "airflow_orders_read"
    assert grant.connection_id == "warehouse_orders"


def test_another_level_is_another_login_user_by_the_same_connection() -> None:
    read, own = (
        Grant(identity="airflow", instance="warehouse", database="orders", level=level)
        for level in ("read", "own")
    )
    assert read.user != own.user
    assert read.connection_id == own.connection_id


def test_a_database_has_three_group_roles() -> None:
    roles = group_roles("orders")
    assert (roles.owner, roles.writer, roles.reader) == (
        "orders_owner",
        "orders_writer",
        "orders_reader",
    )
