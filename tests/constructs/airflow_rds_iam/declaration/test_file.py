from pathlib import Path

import pytest

from airflow_rds_iam.declaration.file import DeclarationError, load
from tests.declared import ENVIRONMENTS, REMOVED, dev, written


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: must be a mapping"),
        ("- instances", ":1: must be a mapping"),
        ("account: 'x'\ntags: {a: b", ":2: is no valid YAML: "),
        (
            "account: 'x'\n\tregion: x",
            ":2: is no valid YAML: there is a tab, where YAML takes spaces",
        ),
        ("region: !!python/name:os.system x", ":1: is no valid YAML here: the tag "),
        ("? [a]\n: b", ":1: the declaration: a key must be text"),
        (
            "tags:\n  day: 2026-13-13",
            ":2: tags.day: '2026-13-13': looks like a date to YAML and is none: put it in quotes",
        ),
        ("tags: {}\n---\ntags: {}", ":2: is a second document: a file has one, without ---"),
        ("tags:\n  a: \0", ":2: has a character that YAML does not take: '\\x00'"),
        ("[" * 500, ":1: is nested too deeply"),
        (
            "instances:\n  on: {}",
            ":2: instances.on: this key is true or false to YAML: put it in quotes, 'on'",
        ),
        (
            "tags:\n  no: x",
            ":2: tags.no: this key is true or false to YAML: put it in quotes, 'no'",
        ),
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
    file.write_bytes(b"tags: {}\naccount: \xff")
    assert refusal(file) == [f"{file}:2: is no text in UTF-8: byte 0xff is none of a character"]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


def test_every_mistake_is_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
network:
  zones: [a]
instances:
  warehouse:
    class: db.t4g.medium
    backup_days: 0
    databases:
      emails:
      orders:
        reed: [airflow]
"""
    assert refusal_of(text, tmp_path) == [
        ":8: instances.warehouse.databases.emails: has nothing after it: must be a mapping with "
        "keys of read, write, own, terms, class, adopt, old_owners",
        ":2: network.zones: [a]: must be a list of 2 to 6 items, each of them the letter of an "
        "availability zone, a to f",
        ":6: instances.warehouse.backup_days: 0: must be a whole number of 1 to 35",
        ":10: instances.warehouse.databases.orders.reed: unknown key, perhaps read; allowed are: "
        "read, write, own, terms, class, adopt, old_owners",
    ]


def test_a_missing_key_is_told_at_the_part_that_lacks_it(tmp_path: Path) -> None:
    text = "tags: {}\ninstances:\n  warehouse:\n    multi_az: true\n"
    [line] = refusal_of(text, tmp_path)
    assert line.startswith(":3: instances.warehouse.databases: is missing: must be a mapping of 1 ")
    [line] = refusal_of("tags: {}\n", tmp_path)
    assert line.startswith(":1: instances: is missing: must be a mapping of 1 or more keys")


def test_an_item_of_a_list_is_told_with_its_position_and_line(tmp_path: Path) -> None:
    text = "network:\n  zones:\n    - a\n    - 7\ninstances: {}\n"
    assert refusal_of(text, tmp_path)[0].startswith(":4: network.zones[1]: 7: must be the letter")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            "012345670123",
            "012345670123: is a number to YAML, put it in quotes; must be the 12 digits",
        ),
        ("1234:20", "1234:20: must be the 12 digits of an AWS account, in quotes"),
        ("", "has nothing after it: must be the 12 digits of an AWS account, in quotes"),
        ("~", "has nothing after it: must be the 12 digits of an AWS account, in quotes"),
        ("''", "'': must be the 12 digits of an AWS account, in quotes"),
    ],
)
def test_a_value_is_told_as_it_is_written(value: str, says: str, tmp_path: Path) -> None:
    [line] = [
        line for line in refusal_of(f"account: {value}\n", tmp_path) if "instances" not in line
    ]
    assert line.startswith(f":1: account: {says}")


@pytest.mark.parametrize(
    ("written", "value"), [("0_7", 7), ("010", 8), ("0x0A", 10), ("0b11", 3), ("1:30", 90)]
)
def test_a_number_that_yaml_reads_as_another_is_refused(
    written: str, value: int, tmp_path: Path
) -> None:
    text = f"instances:\n  w:\n    backup_days: {written}\n    databases: {{d: {{}}}}\n"
    assert refusal_of(text, tmp_path) == [
        f":3: instances.w.backup_days: {written}: is {value} to YAML: "
        "write it without 0, 0x, : or _"
    ]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("acount", "unknown key, perhaps account; allowed are: account, region, tags"),
        ("Instances", "unknown key, perhaps instances; allowed are: account"),
        ("whatever", "unknown key; allowed are: account, region, tags"),
        ("7", "this key is a number to YAML: put it in quotes, '7'"),
        ("0x1F", "this key is a number to YAML: put it in quotes, '0x1F'"),
        ("2026-01-31", "this key is a date to YAML: put it in quotes, '2026-01-31'"),
        ("~", "this key is no value to YAML: put it in quotes, '~'"),
        ("off", "this key is true or false to YAML: put it in quotes, 'off'"),
    ],
)
def test_a_key_that_is_none_is_told_with_the_nearest(key: str, says: str, tmp_path: Path) -> None:
    text = f"instances:\n  w:\n    databases: {{d: {{}}}}\n{key}: {{}}\n"
    [line] = refusal_of(text, tmp_path)
    assert line.startswith(f":4: {key}: {says}")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_of_another_system_is_read_and_told_with_its_lines(
    line_end: str, mark: str, tmp_path: Path
) -> None:
    lines = [f"{mark}instances:", "  w:", "    backup_days: 99", "    databases: {d: {}}", ""]
    file = tmp_path / "dev.yaml"
    file.write_bytes(line_end.join(lines).encode())
    [line] = refusal(file)
    assert line.startswith(f"{file}:3: instances.w.backup_days: 99: must be a whole number of 1 to")


def test_a_flag_in_quotes_and_a_word_of_yaml_that_is_a_flag_are_told_apart(tmp_path: Path) -> None:
    text = "instances: {w: {multi_az: 'no', databases: {d: {read: [no]}}}}"
    assert refusal_of(text, tmp_path) == [
        ":1: instances.w.multi_az: 'no': is text, remove the quotes; must be true or false",
        ":1: instances.w.databases.d.read[0]: no: is true or false to YAML, put it in quotes; must "
        "be lower-case letters, digits and underscores, beginning with a letter",
    ]


def test_what_is_merged_in_is_told_where_it_is_written(tmp_path: Path) -> None:
    text = """\
instances:
  warehouse:
    databases:
      orders: &shop
        own: [Shop]
        read: []
      reports:
        <<: *shop
        read: [Reader]
"""
    path = "instances.warehouse.databases"
    words = "must be lower-case letters, digits and underscores, beginning with a letter"
    assert refusal_of(text, tmp_path) == [
        f":5: {path}.orders.own[0]: 'Shop': {words}",
        f":9: {path}.reports.read[0]: 'Reader': {words}",
        f":5: {path}.reports.own[0]: 'Shop': {words}",
    ]


def test_an_alias_within_what_it_names_is_refused_like_any_wrong_value(tmp_path: Path) -> None:
    text = "tags: {}\nnetwork:\n  zones: &a [*a, b]\ninstances: {}"
    assert refusal_of(text, tmp_path)[0].startswith(":3: network.zones[0]: &a [*a, b]: must be the")


def test_account_and_region_of_the_credentials_are_held_against_the_rest(tmp_path: Path) -> None:
    file = written(dev({"account": REMOVED, "region": REMOVED}), tmp_path / "dev.yaml")
    found = load(file, account="111122223333", region="eu-central-1")
    assert (found.account, found.region) == ("111122223333", "eu-central-1")
    with pytest.raises(DeclarationError, match=r"must be a role of account 444455556666"):
        load(file, account="444455556666", region="eu-central-1")
    with pytest.raises(DeclarationError, match=r"is of another partition: cn-north-1 is of"):
        load(file, account="111122223333", region="cn-north-1")


def test_what_is_declared_wins_over_the_credentials(tmp_path: Path) -> None:
    file = written(dev(), tmp_path / "dev.yaml")
    found = load(file, account="444455556666", region="us-east-1")
    assert (found.account, found.region) == ("111122223333", "eu-central-1")
