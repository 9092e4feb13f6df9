"""Runs the real CDK command line on the real application, pointed at the local account."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

from local.account import Account
from local.processes import ROOT, finish, started

CDK = ROOT / "node_modules/.bin/cdk"


def synth(
    account: Account, *, environment: str, to: Path, log: Path
) -> AbstractContextManager[Popen[str]]:
    """Begin to synthesize an environment: a name, or the path of a declaration."""
    return _started(
        account, "synth", "--quiet", "--context", f"environment={environment}",
        "--output", str(to), log=log,
    )  # fmt: skip


def bootstrap(account: Account, *, log: Path) -> AbstractContextManager[Popen[str]]:
    """Begin `cdk bootstrap`: what every account needs once before the first deploy."""
    # Given the account and region, the command needs no application.
    where = f"aws://{account.id}/{account.region}"
    return _started(account, "bootstrap", where, "--app", "", log=log)


def deploy(account: Account, *, assembly: Path, stacks: Sequence[str] = (), log: Path) -> None:
    """`cdk deploy` of what was synthesized; every stack by default."""
    which = [*stacks, "--exclusively"] if stacks else ["--all", "--concurrency", "4"]
    _run(
        account, "deploy", *which, "--app", str(assembly),
        "--require-approval", "never", "--progress", "events", log=log,
    )  # fmt: skip


def destroy(account: Account, *, assembly: Path, log: Path) -> None:
    """`cdk destroy` of every stack."""
    _run(account, "destroy", "--all", "--force", "--app", str(assembly), log=log)


def stacks(assembly: Path) -> list[str]:
    """The names of the stacks that were synthesized."""
    return sorted(
        path.name.removesuffix(".template.json") for path in assembly.glob("*.template.json")
    )


def _run(account: Account, *arguments: str, log: Path) -> None:
    with _started(account, *arguments, log=log) as process:
        finish(process, log=log)


def _started(account: Account, *arguments: str, log: Path) -> AbstractContextManager[Popen[str]]:
    variables = {
        **account.variables(account.administrator),
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "CDK_HOME": str(ROOT / ".local/cdk-home"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".local/jsii"),
        # A screenful for each command.
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    command = [CDK, *arguments, "--no-notices", "--no-color", "--ci"]
    return started(command, log=log, variables=variables)
