"""How many resources a change of access touches, as docs/architecture.md has it."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from stacks import add_environment
from tests.declared import dev, written
from tests.templates import Content
from tests.touched import touched

pytestmark = pytest.mark.slow

ROLES = "arn:aws:iam::111122223333:role/"
BEFORE: dict[str, dict[str, list[str]]] = {
    "orders": {"own": ["shop"], "read": ["airflow", "analyst", "invoices"]},
    "reports": {"own": ["shop"], "read": ["airflow", "analyst"]},
    "payroll": {"own": ["shop"]},
}
Template = Callable[[str, str], Content]


def changed(change: str) -> Mapping[str, Mapping[str, list[str]]]:
    """The databases after a change, such as ``airflow reports write``."""
    if not change:
        return BEFORE
    who, database, level = change.split()
    after = deepcopy(BEFORE)
    levels = after[database]
    for name in levels:
        levels[name] = [one for one in levels[name] if one != who]
    if level != "none":
        levels[level] = [*levels.get(level, []), who]
    return after


@pytest.fixture(scope="module")
def template(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("environments")

    @cache
    def made(layout: str, change: str) -> Content:
        content: dict[str, Any] = dev({
            "airflow.policies": layout,
            "identities": {
                "shop": {"role_arn": f"{ROLES}shop"},
                "analyst": {"role_arn": f"{ROLES}analyst", "policies": layout},
                "invoices": {"task_role": True},
            },
            "instances.warehouse.databases": changed(change),
        })  # fmt: skip
        app, declaration = new_app(), load(written(content, folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return json.loads((Path(app.synth().directory) / "dev-access.template.json").read_text())

    return made


@pytest.mark.parametrize(
    ("layout", "change", "count"),
    [
        ("packed", "analyst payroll read", 2),
        ("packed", "analyst orders write", 2),
        ("packed", "analyst orders none", 2),
        ("packed", "airflow payroll read", 3),
        ("packed", "airflow orders write", 4),
        ("packed", "airflow orders none", 3),
        ("packed", "invoices orders write", 4),
        ("packed", "invoices orders none", 5),
        ("separate", "analyst payroll read", 2),
        ("separate", "analyst orders write", 2),
        # The policy that either layout has then holds what the removed one held.
        ("separate", "analyst orders none", 3),
        ("separate", "analyst reports none", 2),
        ("separate", "airflow payroll read", 4),
        ("separate", "airflow orders write", 5),
        ("separate", "airflow orders none", 4),
        ("separate", "invoices orders write", 4),
        ("separate", "invoices orders none", 6),
    ],
)
def test_a_change_of_access_touches_as_many_resources(
    template: Template, layout: str, change: str, count: int
) -> None:
    assert len(touched(template(layout, ""), template(layout, change))) == count
