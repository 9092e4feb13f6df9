"""An identity of each kind beside the others, in either layout, as it is synthesized."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from tests.application import templates
from tests.declared import dev, written
from tests.existing import synthesized
from tests.kinds import KINDS
from tests.linted import linted
from tests.templates import of_type


@pytest.fixture(scope="module", params=["separate", "packed"])
def outdir(
    new_app: Callable[[], App],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Path:
    content: dict[str, Any] = dev({"airflow.policies": request.param})
    for name, kind in KINDS.items():
        layout = {} if "identity_center" in kind else {"policies": request.param}
        content["identities"][name] = {**kind, **layout}
    content["identities"]["invoices"] = {"task_role": True}
    databases = content["instances"]["warehouse"]["databases"]
    for name in ("orders", "reports", "payroll"):
        databases[name].setdefault("read", []).extend(KINDS)
    databases["Kunden Nr. 1"] = {"own": [*KINDS], "read": ["airflow", "invoices"]}
    file = written(content, tmp_path_factory.mktemp("environments") / "dev.yaml")
    return synthesized(new_app(), file)


@pytest.mark.slow
def test_cfn_lint_finds_nothing(outdir: Path) -> None:
    assert linted(outdir) == []


@pytest.mark.slow
def test_each_kind_has_its_role_or_its_policys_reference_as_an_output(outdir: Path) -> None:
    access = templates(outdir)["dev-access"]
    made = {
        one["Metadata"]["Identity"]
        for one in of_type(access, "AWS::IAM::Role").values()
        if "Identity" in one.get("Metadata", {})
    }
    assert made == {*KINDS, "invoices"} - {"analyst"}
    named = {f"Role{name.capitalize()}" for name in made} | {"PermissionSetAnalyst"}
    assert named <= {*access["Outputs"]}
