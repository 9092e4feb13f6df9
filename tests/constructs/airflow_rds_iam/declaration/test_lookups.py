"""A server by look-up: what was looked up is committed beside the declaration, and read with it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.lookups import FILE, TOLD
from tests.application import templates
from tests.declared import dev, written
from tests.existing import CLUSTERED, LAKE, refused, synthesized

HERE, ELSEWHERE = "111122223333/eu-central-1", "111122223333/eu-west-1"


def found(server: dict[str, Any]) -> dict[str, Any]:
    told = (*TOLD, "security_group")
    return {key: value for key, value in server["existing"].items() if key in told}


def by_lookup(server: dict[str, Any], name: str, **more: object) -> dict[str, object]:
    existing = {"lookup": name, "administrator": "platform", **more}
    return {"instances.lake": {**server, "existing": existing}}


def looked_up(folder: Path, name: str, server: dict[str, Any], *, place: str = HERE) -> None:
    (folder / FILE).write_text(json.dumps({place: {name: found(server)}}))


@pytest.mark.first(1)
@pytest.mark.parametrize(("server", "name"), [(LAKE, "lake"), (CLUSTERED, "sea")])
def test_what_was_looked_up_is_synthesized_as_if_it_were_declared(
    server: dict[str, Any], name: str, new_app: Callable[[], App], tmp_path: Path
) -> None:
    changes: dict[str, object] = {"instances.lake": server}
    declared = templates(synthesized(new_app(), written(dev(changes), tmp_path / "dev.yaml")))
    looked_up(tmp_path, name, server)
    file = written(dev(by_lookup(server, name)), tmp_path / "dev.yaml")
    assert templates(synthesized(new_app(), file)) == declared


def test_what_was_not_looked_up_is_refused_and_nothing_stands_in_for_it(tmp_path: Path) -> None:
    said = [
        "instances.lake.existing.lookup: 'lake': must be looked up in this account and region "
        f"first: `make lookup ENVIRONMENT=…`, and commit {FILE} beside this file"
    ]
    changes = by_lookup(LAKE, "lake")
    assert refused(changes, tmp_path) == said
    looked_up(tmp_path, "pond", LAKE)
    assert refused(changes, tmp_path) == said
    looked_up(tmp_path, "lake", LAKE, place=ELSEWHERE)
    assert refused(changes, tmp_path) == said


@pytest.mark.parametrize(
    "name", ["Lake", "arn:aws:rds:eu-central-1:111122223333:db:lake", "lake.abc.example"]
)
def test_what_is_no_identifier_is_not_looked_up(name: str, tmp_path: Path) -> None:
    existing = {"lookup": name, "administrator": "platform"}
    [line] = refused({"instances.lake": {**LAKE, "existing": existing}}, tmp_path)
    assert line.startswith(f"instances.lake.existing.lookup: {name!r}: must be the identifier of")


@pytest.mark.parametrize("key", TOLD)
def test_what_a_look_up_tells_is_not_declared_beside_it(key: str, tmp_path: Path) -> None:
    looked_up(tmp_path, "lake", LAKE)
    [said] = refused(by_lookup(LAKE, "lake", **{key: "x"}), tmp_path)
    assert said == f"instances.lake.existing.lookup: 'lake': {key} must not stand beside it, " + (
        "which tells that"
    )


def test_a_group_that_is_declared_is_taken_and_none_of_another_network_by_itself(
    tmp_path: Path,
) -> None:
    looked_up(tmp_path, "lake", LAKE)

    def group(**more: object) -> str | None:
        file = written(dev(by_lookup(LAKE, "lake", **more)), tmp_path / "dev.yaml")
        existing = load(file).instances["lake"].existing
        assert existing
        return existing.security_group

    assert group() == "sg-0a1b2c3d"
    assert group(security_group="sg-0000000f") == "sg-0000000f"
    assert group(ranges=["10.77.0.0/16"]) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"111122223333/eu-central-1": 5}', '{"a": {"b": 5}}'])
def test_a_file_that_is_not_as_it_was_written_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    [said] = refused(by_lookup(LAKE, "lake"), tmp_path)
    assert said.startswith("is not as `make lookup` wrote it")
