"""The life of prod by the make targets: deployed, removed, refused, taken up again, deployed."""

import json
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proof import make, owner
from proof.account import Account, started_account
from proof.declared import read
from proof.environment import Environment
from proof.programs import ROOT, ProgramError, environment

DECLARATION = ROOT / "environments/prod.yaml"
IDENTITY, DATABASE = "shop", "payroll"


@dataclass(frozen=True)
class Prod:
    """An account of its own, in which prod is deployed."""

    account: Account
    folder: Path

    @property
    def assembly(self) -> Path:
        return self.folder / "cdk.out"

    def make(self, *targets: str) -> str:
        """What the targets say. ProgramError if one fails."""
        log = self.folder / f"{len([*self.folder.glob('*.log')])}.log"
        make.run(self.account, *targets, environment=DECLARATION, output=self.assembly, log=log)
        return log.read_text()

    def stacks(self) -> set[str]:
        found = self.account.client("cloudformation").describe_stacks()["Stacks"]
        return {one["StackName"] for one in found if one["StackName"].startswith("prod-")}

    def log_in(self) -> Any:
        declared = read(DECLARATION)
        there = Environment(account=self.account, declared=declared)
        user = declared.grant(IDENTITY, DATABASE).user
        return there.identity(IDENTITY).log_in(user, DATABASE)

    def take_up(self, stack: str, kept: Path) -> None:
        """As docs/removal.md says."""
        cloudformation = self.account.client("cloudformation")
        asked = {"StackName": stack, "ChangeSetName": "take-up"}
        cloudformation.create_change_set(
            **asked,
            ChangeSetType="IMPORT",
            ResourcesToImport=json.loads((kept / f"{stack}.resources.json").read_text()),
            TemplateBody=(kept / f"{stack}.template.json").read_text(),
            Capabilities=["CAPABILITY_IAM"],
        )
        cloudformation.get_waiter("change_set_create_complete").wait(**asked)
        cloudformation.execute_change_set(**asked)
        cloudformation.get_waiter("stack_import_complete").wait(StackName=stack)


@pytest.fixture
def prod(tmp_path: Path) -> Generator[Prod]:
    declared = read(DECLARATION)
    with (
        started_account(
            tmp_path / "aws",
            account=declared.account,
            region=declared.region,
            log=tmp_path / "aws.txt",
        ) as account,
        owner.at_work(account, role_arns=declared.role_arns.values()),
    ):
        account.client("sns").create_topic(Name="operations")
        yield Prod(account, tmp_path)


def test_prod_is_removed_but_for_its_data_and_taken_up_again(prod: Prod, tmp_path: Path) -> None:
    prod.make("bootstrap", "deploy")
    deployed = prod.stacks()
    with prod.log_in() as session:
        session.execute("CREATE TABLE paid (amount int)")
        session.execute("INSERT INTO paid VALUES (42)")

    told = prod.make("destroy")
    assert "These stay, as their templates retain them" in told
    assert "RDS::DBInstance: prod-warehouse" in told
    assert prod.stacks() == set()
    # The next synthesis writes the folder anew: "Keep a copy".
    kept = tmp_path / "kept"
    shutil.copytree(prod.assembly / "retained", kept)

    with pytest.raises(ProgramError, match=r"prod-warehouse \(RDS::DBInstance\); what stayed"):
        prod.make("deploy")
    assert prod.stacks() == set()

    prod.take_up("prod-network", kept)
    subprocess.run(
        [
            "node_modules/.bin/cdk", "deploy", "--app", prod.assembly, "--exclusively",
            "--require-approval", "never", "prod-network",
        ],
        cwd=ROOT,
        env=environment(prod.account.variables(prod.account.administrator)),
        check=True,
        capture_output=True,
    )  # fmt: skip
    prod.take_up("prod-database-warehouse", kept)
    prod.make("deploy")
    assert prod.stacks() == deployed
    with prod.log_in() as session:
        assert session.execute("SELECT amount FROM paid").fetchone() == (42,)
