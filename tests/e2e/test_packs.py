"""Every rule pack on each shape of an environment: too long for each run of the suite."""

import json
from pathlib import Path
from typing import get_args

import pytest

from airflow_rds_iam.declaration.review import Pack
from tests.application import synthesize
from tests.declared import dev, written

PACKS: list[str] = list(get_args(Pack))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="without ways out, one zone, unprotected"),
        pytest.param(
            {"network.egress": "nat", "instances.warehouse.multi_az": True,
             "instances.warehouse.deletion_protection": True, "instances.warehouse.retain": True},
            id="with all of it",
        ),
    ],
)  # fmt: skip
def test_every_pack_can_be_chosen_whatever_else_is_declared(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    topic = "arn:aws:sns:eu-central-1:111122223333:operations"
    content = dev({"review.packs": PACKS, "alarms": {"topic_arn": topic}, **changes})
    ran = synthesize(str(written(content, tmp_path / "dev.yaml")), tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "out" / "review" / "nag.json").read_text())
    assert found["unused_acknowledgments"] == []
    assert {one["pack"] for one in found["findings"]} == set(PACKS)
    assert not [one for one in found["findings"] if one["status"] == "violated"]
