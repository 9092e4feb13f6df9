from datetime import date
from typing import Any

from airflow_rds_iam.declaration.model import Declaration
from review.declared import Declared, OwnRule, declared
from tests.declared import dev

ORDERS = "instances.warehouse.databases.orders"


def of(changes: dict[str, Any]) -> Declared:
    return declared(Declaration.model_validate(dev(changes)), environment="dev")


def test_a_grant_has_its_terms_its_kind_and_the_class_of_the_data() -> None:
    terms = {"shop": {"until": "2027-01-31", "because": "DATA-7"}}
    given = of(
        {
            f"{ORDERS}.terms": terms,
            f"{ORDERS}.class": "secret",
            "identities.shop.kind": "human",
        }
    )
    [shop] = [one for one in given.grants if (one.identity, one.database) == ("shop", "orders")]
    assert (shop.until, shop.because) == (date(2027, 1, 31), "DATA-7")
    assert (shop.kind, shop.data_class, shop.server) == ("human", "secret", "dev-warehouse")
    [airflow] = [one for one in given.grants if one.user == "airflow_orders_read"]
    assert (airflow.until, airflow.because, airflow.kind) == (None, "", "program")


def test_the_teams_own_rules_are_those_declared() -> None:
    rule = {"name": "no human may write", "kinds": ["human"], "levels": ["write", "own"]}
    assert of({"review.rules": [rule]}).rules == (
        OwnRule(name="no human may write", kinds=("human",), levels=("write", "own")),
    )


def test_who_is_declared_to_reach_the_servers_may() -> None:
    clients = [{"range": "10.8.0.0/16", "because": "VPN"}]
    assert of({"network.clients": clients}).ranges == ("10.8.0.0/16",)
