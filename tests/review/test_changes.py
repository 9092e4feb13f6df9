"""Which resources change between two assemblies, said by the CDK without an account."""

import json
from pathlib import Path
from typing import Any

import pytest

from review.changes import changes, main, resources
from tests.application import templates

POLICY: dict[str, Any] = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


@pytest.fixture
def before(dev_assembly: Path, tmp_path: Path) -> Path:
    """The templates of dev with a policy more in one stack, and a stack more."""
    folder = tmp_path / "before"
    folder.mkdir()
    found: dict[str, Any] = templates(dev_assembly)
    found["dev-access"]["Resources"]["Gone"] = POLICY
    found["dev-gone"] = {"Resources": {"Gone": POLICY}}
    for name, template in found.items():
        (folder / f"{name}.template.json").write_text(json.dumps(template))
    return folder


def test_each_stack_that_changes_has_its_resources_and_no_other_stack_is_named(
    before: Path, dev_assembly: Path, tmp_path: Path
) -> None:
    assert main([str(before), str(dev_assembly), "--write", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out/changes.json").read_text())
    assert {name: [line.split()[:2] for line in lines] for name, lines in found.items()} == {
        "dev-access": [["[-]", "AWS::IAM::ManagedPolicy"]],
        "dev-gone": [["[-]", "AWS::CloudFormation::Stack"]],
    }
    assert "Gone" in (tmp_path / "out/changes.txt").read_text()


def test_no_change_is_said_and_the_cdk_is_not_asked(
    dev_assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.changes.CDK", Path("nowhere"))
    assert changes(dev_assembly, dev_assembly) == {}


def test_lines_of_properties_and_outputs_are_no_resources() -> None:
    text = (
        "Stack dev\nIAM Statement Changes\n[+] not this\nParameters\n[+] nor this\n\nResources\n"
        "[~] AWS::RDS::DBInstance Postgres Postgres1 replace\n └─ [~] Engine\n     └─ [+] no\n"
        "[-] AWS::S3::Bucket Files Files1 destroy\n\nOutputs\n[+] Output It It: {}\n"
    )
    assert resources(text) == [
        "[~] AWS::RDS::DBInstance Postgres Postgres1 replace",
        "[-] AWS::S3::Bucket Files Files1 destroy",
    ]
