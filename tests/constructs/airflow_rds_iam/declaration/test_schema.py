import json

import pytest
import yaml
from jsonschema import Draft7Validator

from airflow_rds_iam.declaration.schema import schema
from tests.declared import ENVIRONMENTS, dev

FILE = ENVIRONMENTS / "declaration.schema.json"


def errors(declaration: object) -> list[str]:
    content = json.loads(FILE.read_text())
    Draft7Validator.check_schema(content)
    found = Draft7Validator(content).iter_errors(declaration)  # pyright: ignore
    return [error.message for error in found]


def test_the_file_is_current() -> None:
    assert FILE.read_text() == schema(), "run `make schema`"


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_declarations_are_valid_and_name_the_schema_to_editors(name: str) -> None:
    text = (ENVIRONMENTS / f"{name}.yaml").read_text()
    assert errors(yaml.safe_load(text)) == []
    assert text.startswith(f"# yaml-language-server: $schema={FILE.name}\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"acount": "111122223333"},
        {"account": 111122223333},
        {"network.zones": ["a"]},
        {"instances.warehouse.instance_class": "db.t4g.medium"},
        {"instances.warehouse.databases.a/b": {"read": ["shop"]}},
        {"instances.data_lake": {"databases": {"orders": {}}}},
        {"identities.Shop": {"role_arn": "arn:aws:iam::111122223333:role/shop"}},
        {"airflow.class": "mw1.tiny"},
    ],
)
def test_a_mistake_is_seen_while_it_is_typed(changes: dict[str, object]) -> None:
    assert errors(dev()) == []
    assert len(errors(dev(changes))) == 1
