"""The dev environment, deployed to a local account, with its Airflow running beside it."""

import re
import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from local import cdk, shop
from local.account import Account, started_account
from local.airflow import Airflow, Worker, initialized, set_up
from local.declared import AIRFLOW, Grant, read, without
from local.environment import Environment, stranger
from local.processes import ROOT, finish
from local.progress import Progress

STATE = ROOT / ".local/demo"
DECLARATION = ROOT / "environments/dev.yaml"
EPOCH = "1970-01-01T00:00:00+00:00"


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """A declaration, and what it is synthesized to when `finish` returns."""

    declaration: Path
    assembly: Path
    log: Path
    process: Popen[str]

    def finish(self) -> None:
        """Wait for the synthesis. ProgramError if it fails."""
        finish(self.process, log=self.log)


@dataclass(frozen=True, kw_only=True)
class Deployment(Environment):
    """An environment, what it was deployed from, and its Airflow."""

    state: Path
    assembly: Path
    airflow: Airflow
    worker: Worker
    revocation: tuple[Grant, Synthesis]
    """A grant, and the same declaration without it: made beside the deploy, as it takes as long."""

    def server_log(self, name: str) -> list[str]:
        """The entries of one of the logs that the instance exports, such as ``postgresql``."""
        file = self.state / "aws/rds" / self.instance["DBInstanceIdentifier"] / f"{name}.log"
        # The lines of an entry after its first begin with a tab.
        return re.split(r"\n(?!\t)", file.read_text().strip()) if file.exists() else []

    def log(self, name: str) -> Path:
        """Where the program ``name`` logs."""
        return _log(self.state, name)


@contextmanager
def deployed(progress: Progress, *, state: Path = STATE) -> Generator[Deployment]:
    """Deploy the dev environment to a new local account, and set Airflow up, until left."""
    _clean(state)
    declared = read(DECLARATION)
    home, assembly = state / "airflow", state / "cdk.out"
    with ExitStack() as running:
        with progress.step("a local AWS account starts, with roles that exist already") as step:
            account = running.enter_context(
                started_account(
                    state / "aws",
                    account=declared.account,
                    region=declared.region,
                    log=_log(state, "aws"),
                )
            )
            for role in (*declared.role_arns.values(), stranger(declared)):
                account.make_role(role)
            step.detail = account.url
        with progress.step("cdk synth, with cdk-nag; cdk bootstrap") as step:
            bootstrap = cdk.bootstrap(account, log=_log(state, "bootstrap"))
            with _synthesis(account, DECLARATION, assembly) as synthesis, bootstrap as process:
                finish(process, log=_log(state, "bootstrap"))
                synthesis.finish()
            step.detail = ", ".join(cdk.stacks(assembly))
        grant = declared.grant(AIRFLOW, "reports")
        changed = without(DECLARATION, grant, directory=state / "revocation")
        revocation = running.enter_context(
            _synthesis(account, changed, state / "revocation/cdk.out")
        )
        database_is_made = running.enter_context(initialized(home, log=_log(state, "airflow")))
        with progress.step("cdk deploy --all") as step:
            cdk.deploy(account, assembly=assembly, log=_log(state, "deploy"))
            step.detail = f"{_count_resources(account, assembly)} resources"
        environment = Environment(account=account, declared=declared)
        with progress.step("Airflow is set up from what was deployed") as step:
            database_is_made()
            airflow = set_up(
                account, environment.airflow_environment, home=home, log=_log(state, "airflow")
            )
            worker = running.enter_context(airflow.worker())
            # A first run takes long, and this one need not be waited for.
            worker.begin("connection_check", logical_date=EPOCH, conf={"connection_ids": []})
            step.detail = ", ".join(sorted(path.name for path in home.glob("dags/*.py")))
        with progress.step("the shop makes its tables, with tokens of its own") as step:
            shop.make_tables(environment.identity(shop.IDENTITY), declared)
            step.detail = ", ".join(declared.databases)
        yield Deployment(
            account=account,
            declared=declared,
            state=state,
            assembly=assembly,
            airflow=airflow,
            worker=worker,
            revocation=(grant, revocation),
        )


@contextmanager
def _synthesis(account: Account, declaration: Path, assembly: Path) -> Generator[Synthesis]:
    log = assembly.with_suffix(".log")
    with cdk.synth(account, environment=str(declaration), to=assembly, log=log) as process:
        yield Synthesis(declaration=declaration, assembly=assembly, log=log, process=process)


def _clean(state: Path) -> None:
    for old in state.glob("*"):
        if old.name in ("lock", "aws"):  # The local AWS cleans up after itself.
            continue
        shutil.rmtree(old) if old.is_dir() else old.unlink()


def _log(state: Path, name: str) -> Path:
    return state / "logs" / f"{name}.log"


def _count_resources(account: Account, assembly: Path) -> int:
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    return sum(
        len(page["StackResourceSummaries"])
        for name in cdk.stacks(assembly)
        for page in pages.paginate(StackName=name)
    )
