"""The dev environment, deployed to a local account, with its Airflow running beside it."""

import re
from collections.abc import Generator, Iterable, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator import MARK
from installation.installed import remove
from proof import lock, make, owner, shop
from proof.account import Account, started_account
from proof.airflow import Airflow, Worker, initialized
from proof.declared import read
from proof.environment import Environment, stranger
from proof.mwaa import set_up
from proof.programs import ROOT, ProgramError
from proof.progress import Progress

STATE = ROOT / ".local/demo"
DECLARATION = ROOT / "environments/dev.yaml"
SPREAD_SECONDS = 2
EPOCH = "1970-01-01T00:00:00+00:00"


@dataclass(frozen=True, kw_only=True)
class Deployment(Environment):
    """An environment, what it was deployed from, and its Airflow."""

    roles_of_others: Set[str]
    """The names of the roles that the account's owner has made, and still makes."""
    state: Path
    assembly: Path
    """What was synthesized last."""
    airflow: Airflow
    worker: Worker

    def make(self, *targets: str, environment: Path = DECLARATION) -> None:
        """Run `make TARGETS` with a declaration. ProgramError if it fails."""
        make.run(
            self.account,
            *targets,
            environment=environment,
            output=self.assembly,
            log=self.log("-".join(targets)),
        )

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
            roles = (*declared.role_arns.values(), stranger(declared))
            roles_of_others = running.enter_context(owner.at_work(account, role_arns=roles))
            step.detail = account.url
        database_is_made = running.enter_context(initialized(home, log=_log(state, "airflow")))
        with progress.step("make bootstrap deploy: synthesis with cdk-nag, every stack") as step:
            # As on AWS, the function is called before the policy that lets it log in is known.
            account.policies_take(SPREAD_SECONDS)
            make.run(
                account,
                *("bootstrap", "deploy"),
                environment=DECLARATION,
                output=assembly,
                log=_log(state, "bootstrap-deploy"),
            )
            account.policies_take(0)
            names = stacks(assembly)
            step.detail = f"{_count_resources(account, names)} resources in {', '.join(names)}"
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
            roles_of_others=roles_of_others,
            state=state,
            assembly=assembly,
            airflow=airflow,
            worker=worker,
        )


def stacks(assembly: Path) -> list[str]:
    """The names of the stacks that were synthesized."""
    return sorted(
        path.name.removesuffix(".template.json") for path in assembly.glob("*.template.json")
    )


def _clean(state: Path) -> None:
    # That of a demo that was killed ends by itself.
    if not lock.let_go(state / "aws" / MARK):
        raise ProgramError(f"a local AWS still runs on {state / 'aws'}")
    for old in state.iterdir():
        if old.name != lock.NAME:
            remove(old)


def _log(state: Path, name: str) -> Path:
    return state / "logs" / f"{name}.log"


def _count_resources(account: Account, names: Iterable[str]) -> int:
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    return sum(
        len(page["StackResourceSummaries"])
        for name in names
        for page in pages.paginate(StackName=name)
    )
