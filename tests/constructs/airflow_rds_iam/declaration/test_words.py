"""Every place of a declaration is given every kind of wrong value: each error is in words."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft7Validator
from pydantic_core._pydantic_core import list_all_errors

from airflow_rds_iam.declaration import schema
from airflow_rds_iam.declaration.document import dotted
from airflow_rds_iam.declaration.file import DeclarationError, load
from airflow_rds_iam.declaration.words import Schema, allowed, key
from tests.existing import AIRFLOW, LAKE, NETWORK
from tests.kinds import KINDS

Place = tuple[str | int, ...]

MINIMUM = {
    "instances": {"warehouse": {"databases": {"orders": {"read": ["airflow"]}}}},
    "delivery": {
        "github": {"repository": "octo-org/octo-repo"},
        "gitlab": {"project": "group/project"},
    },
}
# A key of each mapping whose keys the declaration chooses, by that mapping's own key.
CHOSEN = {
    "instances": "warehouse",
    "databases": "orders",
    "identities": "shop",
    "tags": "team",
    "configuration": "core.parallelism",
    "terms": "airflow",
    "airflows": "airflow",
}
# What an item that is a mapping holds beside the key that is tried.
ITEMS = {
    "because": {"range": "10.8.0.0/16"},
    **{source: {"because": "VPN"} for source in ("security_group", "prefix_list", "range")},
    "id": {"zone": "a"},
    "zone": {"id": "subnet-0a1b2c3d"},
    **{part: {"name": "x"} for part in ("kinds", "levels", "classes", "but", "needs")},
}
# What a mapping holds beside the key that is tried.
BESIDE: dict[str, Any] = {
    **KINDS["partner"],
    **KINDS["people"],
    **KINDS["staff"],
    **KINDS["pods"],
}
# The same of what exists, by the section that it is of.
EXISTING = {"network": NETWORK, "instances": LAKE["existing"], "airflow": AIRFLOW}
# What goes in place of another key.
OR: dict[str | int, str] = {"issuer": "cluster"}
# Of what there must be two, another one.
SECOND: dict[str, Any] = {"zones": "b", "subnets": NETWORK["subnets"][1]}

# As they are written in the file; not each is wrong at each place.
VALUES = (
    "", "~", "''", "' '", "x", "true", "on", "no", "0", "-1", "7", "012", "0x1F", "10:20", "1.5",
    ".nan", "1e3", "9" * 40, "2026-01-01", "2026-01-01 10:20:30", "2026-13-13", "{}", "[]", "[[x]]",
    "[~]", "{a: {b: c}}", "{on: x}", "[x, x]", "!!binary aGk=", "!!set {x, y}", "!!python/none x",
    "&x [*x]", "'^[a-z](x|y)$'", "'9'", "'true'", "'a:b'", r'"\0"', r'"\ud800"', r'"\n"', "é" * 300,
)  # fmt: skip
KEYS = (
    "x", "on", "no", "~", "''", "' '", "7", "10:20", "2026-01-01", "A", "é" * 300, "[a]", "{a: b}",
    "'^[a-z](x|y)$'", r'"\0"', "=", "!!int 7",
)  # fmt: skip

# What pydantic says before, between and after the values of its own messages.
PYDANTIC = {
    part.strip(" ,.'")
    for error in list_all_errors()
    for part in re.split(r"\{\w+\}", error["message_template_python"])
    if len(part.strip(" ,.'")) > 10
} | {error["type"] for error in list_all_errors() if "_" in error["type"]}


def places(where: Schema, path: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Each place at which a value may stand, with its schema."""
    if path:
        yield path, where
    keys: list[str | int] = list(where.get("properties", {}))
    if path == ("airflows",):  # in each is what is in airflow
        yield (*path, "airflow"), schema.at((*path, "airflow")) or {}
        return
    if "patternProperties" in where:
        keys = [CHOSEN[str(path[-1])]]
    if "items" in where:
        keys = [0]
    for name in keys:
        inner = schema.at((*path, name))
        assert inner is not None
        yield from places(inner, (*path, name))


PLACES = dict(places(schema.document()))
MAPPINGS = {(): schema.document()} | {
    path: where for path, where in PLACES.items() if where.get("type") == "object"
}


def text_with(path: Place, written: str) -> str:
    """A declaration with ``written`` at ``path``, and beside it what must be there."""
    return re.sub(r"\n? *written: here", lambda _: f" {written}", text_around(path))


@cache
def text_around(path: Place) -> str:
    node: Any = {"written": "here"}
    for part in reversed(path):
        if isinstance(part, int):
            node = [
                {**ITEMS.get(next(iter(node)), {}), **node},
                *(one for name, one in SECOND.items() if name in path),
            ]
        else:
            node = {part: node}
    for position, part in enumerate(path[:-1], 1):
        needed = EXISTING.get(str(path[0])) if part == "existing" else BESIDE.get(str(part))
        if needed:
            beside = {key: value for key, value in needed.items() if key != OR.get(path[-1])}
            node = merged(at(path[:position], beside), node)
    return yaml.safe_dump(merged(MINIMUM, node), sort_keys=False, width=1000)


def at(path: Place, content: Any) -> Any:
    for part in reversed(path):
        content = {part: content}
    return content


def merged(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict) or "written" in above:
        return cast("object", above)
    mine, theirs = cast("Schema", below), cast("Schema", above)
    return {**mine, **{name: merged(mine.get(name), value) for name, value in theirs.items()}}


def refusal(text: str, folder: Path) -> list[str]:
    file = folder / "dev.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file)
    except DeclarationError as error:
        lines = str(error).splitlines()
        for line in lines:
            assert re.match(rf"{re.escape(str(file))}:[1-9][0-9]*: .", line), line
        return [line.removeprefix(str(file)) for line in lines]
    return []


def in_words(line: str, written: str) -> None:
    said = line.replace(written.strip("'"), "") if len(written) > 3 else line
    assert not re.search(r"\^\[|\\[dwsS]|\(\?|\]\*|\)\$|\]\$", said), f"a pattern: {line}"
    assert not [part for part in PYDANTIC if part in said], f"pydantic's words: {line}"
    assert re.search(
        "must|allowed|YAML|is there twice|is set by|there are|grant it|go together", said
    ), line


def is_wrong(text: str) -> bool:
    """Whether the JSON Schema, or YAML itself, refuses ``text``."""
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return True
    return not Draft7Validator(schema.document()).is_valid(content)  # pyright: ignore


# With every change, a quarter of them at each place, and another quarter at the next.
QUARTERS = pytest.mark.parametrize(
    "every", [4, pytest.param(1, marks=pytest.mark.slow)], ids=["a quarter", "all"]
)


def some(values: tuple[str, ...], path: Place, places: Iterable[Place], every: int) -> list[str]:
    return list(values[[*places].index(path) % every :: every])


@QUARTERS
@pytest.mark.parametrize("path", PLACES, ids=dotted)
def test_each_wrong_value_is_told_in_words_with_line_path_and_what_is_allowed(
    path: Place, every: int, tmp_path: Path
) -> None:
    refused = 0
    for written in some(VALUES, path, PLACES, every):
        text = text_with(path, written)
        lines = refusal(text, tmp_path)
        for line in lines:
            in_words(line, written)
        here = [line for line in lines if re.match(rf":\d+: {re.escape(dotted(path))}\W", line)]
        assert here or not is_wrong(text) or "YAML" in lines[0], (written, lines)
        if re.fullmatch(r"[\w.:-]{2,40}", written):
            assert all(written in line for line in here[:1]), here
        refused += bool(here)
    assert refused > 10 // every


def instead(where: Schema) -> Iterator[tuple[str, str]]:
    """What people write where something else is meant, and what they are told to write."""
    match where:
        case {"type": "array"}:
            yield "airflow", "write [airflow]"
            yield "{airflow: , shop: }", "write [airflow, shop]"
        case {"type": "object", "patternProperties": _}:
            yield "orders", "write `orders:` below it, as a key"
            yield "[orders, shop]", "write `orders:` below it, as a key"
        case {"type": "string" | "integer" | "boolean"}:
            yield "[x7]", "write x7, without brackets"
        case _:
            pass


@pytest.mark.parametrize("path", PLACES, ids=dotted)
def test_a_list_a_mapping_and_a_single_value_in_each_others_place_are_told_how_to_be_written(
    path: Place, tmp_path: Path
) -> None:
    for written, remedy in instead(PLACES[path]):
        lines = refusal(text_with(path, written), tmp_path)
        here = [line for line in lines if re.match(rf":\d+: {re.escape(dotted(path))}\W", line)]
        assert any(remedy in line for line in here), (written, lines)


@QUARTERS
@pytest.mark.parametrize("path", MAPPINGS, ids=dotted)
def test_each_wrong_key_is_told_in_words_with_line_path_and_what_is_allowed(
    path: Place, every: int, tmp_path: Path
) -> None:
    where = MAPPINGS[path]
    for written in some(KEYS, path, MAPPINGS, every):
        text = text_with((*path, "the_key"), "{}").replace("the_key", written)
        lines = refusal(text, tmp_path)
        for line in lines:
            in_words(line, written)
        assert lines or ("properties" not in where and not is_wrong(text)), written


@pytest.mark.parametrize("path", MAPPINGS, ids=dotted)
def test_a_key_that_is_there_twice_is_told(path: Place, tmp_path: Path) -> None:
    lines = text_with((*path, "the_key"), "a").splitlines()
    line = next(number for number, one in enumerate(lines, 1) if "the_key: a" in one)
    lines.insert(line, lines[line - 1].replace("- ", "  "))
    here = dotted((*path, "the_key"))
    assert refusal("\n".join(lines), tmp_path) == [
        f":{line + 1}: {here}: is there twice, first in line {line}"
    ]


def test_each_form_has_words() -> None:
    """A pattern in the model without words beside it would be shown to nobody, and say nothing."""
    for path, where in PLACES.items():
        for node in (where, key(where) if "patternProperties" in where else {}):
            if "pattern" in node or "patternProperties" in where:
                assert "patternErrorMessage" in {**node, **where.get("propertyNames", {})}, path


def test_each_key_says_what_it_becomes() -> None:
    for path, where in PLACES.items():
        if not isinstance(path[-1], int) and path[-1] not in CHOSEN.values():
            assert where.get("description", "").endswith("."), dotted(path)


def test_what_is_allowed_is_a_sentence_of_plain_words() -> None:
    for path, where in PLACES.items():
        assert not re.search(r"\^|\\|None|null", allowed(where)), dotted(path)
