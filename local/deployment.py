"""The dev environment, deployed to a local account, with its Airflow running beside it."""

import shutil
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import cdk, declared, shop
from local.account import Account, started_account
from local.airflow import Airflow, Worker, migrated, set_up
from local.environment import Environment, stranger
from local.processes import ROOT
from local.progress import Progress

STATE = ROOT / ".local/demo"
DECLARATION = ROOT / "environments/dev.yaml"


@dataclass(frozen=True, kw_only=True)
class Deployment(Environment):
    """An environment, what it was deployed from, and its Airflow."""

    state: Path
    declaration: Path
    assembly: Path
    airflow: Airflow
    worker: Worker

    def log(self, name: str) -> Path:
        """Where the program ``name`` logs."""
        return _log(self.state, name)


@contextmanager
def deployed(
    progress: Progress, *, state: Path = STATE, declaration: Path = DECLARATION
) -> Generator[Deployment]:
    """Deploy ``declaration`` to a new local account, and set Airflow up from it, until left."""
    _clean(state)
    expected = declared.read(declaration)
    home, assembly = state / "airflow", state / "cdk.out"
    with ExitStack() as running:
        with progress.step("start a local AWS account, with roles that exist already") as step:
            account = running.enter_context(
                started_account(
                    state / "aws",
                    account=expected.account,
                    region=expected.region,
                    log=_log(state, "aws"),
                )
            )
            for role in (*expected.role_arns.values(), stranger(expected)):
                account.make_role(role)
            step.detail = account.url
        migration = running.enter_context(migrated(home, log=_log(state, "airflow")))
        with progress.step("cdk synth, with cdk-nag") as step:
            log = _log(state, "synth")
            cdk.synth(account, environment=expected.environment, to=assembly, log=log)
            step.detail = ", ".join(cdk.stacks(assembly))
        with progress.step("cdk bootstrap"):
            cdk.bootstrap(account, log=_log(state, "bootstrap"))
        with progress.step("cdk deploy --all") as step:
            cdk.deploy(account, assembly=assembly, log=_log(state, "deploy"))
            step.detail = f"{_count_resources(account, assembly)} resources"
        environment = Environment(account=account, declared=expected)
        with progress.step("the shop makes its tables, with tokens of its own") as step:
            shop.make_tables(environment.identity(shop.IDENTITY), expected)
            step.detail = ", ".join(expected.databases)
        with progress.step("set Airflow up from what was deployed") as step:
            ready = set_up(
                account,
                environment.airflow_environment,
                home=home,
                migration=migration,
                log=_log(state, "airflow"),
            )
            worker = running.enter_context(ready.worker())
            step.detail = ", ".join(sorted(path.name for path in home.glob("dags/*.py")))
        yield Deployment(
            account=account,
            declared=expected,
            state=state,
            declaration=declaration,
            assembly=assembly,
            airflow=ready,
            worker=worker,
        )


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
