import json
from pathlib import Path

import pytest
import yaml

from proof import declared
from proof.deployment import DECLARATION


def test_a_copy_without_a_grant_lacks_it_and_nothing_else(tmp_path: Path) -> None:
    before = declared.read(DECLARATION)
    grant = before.grant("airflow", "reports")
    copy = declared.without(DECLARATION, grant, directory=tmp_path / "copy")
    assert copy.name == DECLARATION.name
    assert set(before.grants) - set(declared.read(copy).grants) == {grant}
    original, changed = (yaml.safe_load(file.read_text()) for file in (DECLARATION, copy))
    original["instances"]["warehouse"]["databases"]["reports"]["write"] = []
    assert changed == original


def test_a_grant_that_was_not_made_is_an_error() -> None:
    with pytest.raises(LookupError, match="airflow has no grant on payroll"):
        declared.read(DECLARATION).grant("airflow", "payroll")


def test_each_of_several_airflows_is_made_or_has_a_role_that_exists(tmp_path: Path) -> None:
    content = yaml.safe_load(DECLARATION.read_text())
    del content["airflow"]
    role = "arn:aws:iam::111122223333:role/team-airflow"
    content["airflows"] = {
        "airflow": {},
        "ml": {"name": "learning"},
        "ops": {},
        "team": {"existing": {"role_arn": role}},
    }
    file = tmp_path / "dev.yaml"
    file.write_text(yaml.safe_dump(content))
    found = declared.read(file)
    assert found.airflows == {"airflow": "dev", "ml": "learning", "ops": "dev-ops"}
    assert found.role_arns["team"] == role


def test_a_server_by_look_up_is_what_was_looked_up(tmp_path: Path) -> None:
    content = yaml.safe_load(DECLARATION.read_text())
    [instance] = content["instances"].values()
    instance["existing"] = {"lookup": "sea", "administrator": "platform"}
    file = tmp_path / "dev.yaml"
    file.write_text(yaml.safe_dump(content))
    endpoint = "sea.cluster-abc.eu-central-1.rds.amazonaws.com"
    known = {f"{content['account']}/{content['region']}": {"sea": {"endpoint": endpoint}}}
    (tmp_path / "lookups.json").write_text(json.dumps(known))
    found = declared.read(file)
    assert (found.identifier, found.is_cluster, found.administrator) == ("sea", True, "platform")
