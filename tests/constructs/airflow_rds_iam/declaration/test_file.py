from pathlib import Path

import pytest

from airflow_rds_iam.declaration.file import DeclarationError, load
from tests.declared import ENVIRONMENTS, dev, written


def refusal(file: Path) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        load(file)
    return str(caught.value).splitlines()


def refusal_of(text: str, folder: Path) -> list[str]:
    file = folder / "dev.yaml"
    file.write_text(text)
    return [line.removeprefix(str(file)) for line in refusal(file)]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_declaration_of_the_repository_is_read(name: str) -> None:
    assert set(load(ENVIRONMENTS / f"{name}.yaml").instances) == {"warehouse"}


def test_airflow_is_named_after_the_file_unless_it_has_a_name(tmp_path: Path) -> None:
    assert load(written(dev(), tmp_path / "test-3.yaml")).airflow.name == "test-3"
    named = written(dev({"airflow.name": "Orders_1"}), tmp_path / "test-3.yaml")
    assert load(named).airflow.name == "Orders_1"


def test_a_file_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    for name in ("prod", "dev"):
        (tmp_path / f"{name}.yaml").touch()
    [line] = refusal(tmp_path / "staging.yaml")
    assert line == f"{tmp_path}/staging.yaml: no such file; environments there: dev, prod"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: must be a mapping"),
        ("- instances", ":1: must be a mapping"),
        ("account: 'x'\ntags: {a: b", ":2: is no valid YAML: "),
        ("account: 'x'\n\tregion: x", ":2: is no valid YAML: "),
        ("region: !!python/name:os.system x", ":1: is no valid YAML: "),
        ("? [a]\n: b", ":1: is no valid YAML: "),
        ("region: 2026-13-13", ":1: is no valid YAML: month must be in 1..12"),
        ("a: &a [*a]", ":1: has an alias within what it names"),
        (
            "network:\n  egress: nat\n  egress: endpoints\n",
            ":3: network.egress: is there twice, first in line 2",
        ),
    ],
)
def test_what_is_no_declaration_at_all_is_refused(text: str, message: str, tmp_path: Path) -> None:
    [line] = refusal_of(text, tmp_path)
    assert line.startswith(message)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "dev.yaml"
    file.write_bytes(b"account: \xff")
    [line] = refusal(file)
    assert line.startswith(f"{file}: cannot be read as UTF-8 text: ")


def test_every_mistake_is_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
network:
  zones: [a]
instances:
  warehouse:
    class: db.t4g.medium
    backup_days: 0
    databases:
      orders:
        reed: [airflow]
"""
    assert refusal_of(text, tmp_path) == [
        ":2: network.zones: ['a']: List should have at least 2 items after validation, not 1",
        ":6: instances.warehouse.backup_days: 0: Input should be greater than or equal to 1",
        ":9: instances.warehouse.databases.orders.reed: unknown key; allowed are: "
        "read, write, own, adopt, old_owners",
    ]


def test_a_missing_key_is_told_at_the_part_that_lacks_it(tmp_path: Path) -> None:
    text = "tags: {}\ninstances:\n  warehouse:\n    multi_az: true\n"
    assert refusal_of(text, tmp_path) == [":3: instances.warehouse.databases: Field required"]
    assert refusal_of("tags: {}\n", tmp_path) == [":1: instances: Field required"]


def test_an_item_of_a_list_is_told_with_its_position_and_line(tmp_path: Path) -> None:
    text = "network:\n  zones:\n    - a\n    - 7\ninstances: {}\n"
    assert refusal_of(text, tmp_path)[0].startswith(":4: network.zones[1]: 7: ")
