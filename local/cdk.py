"""Runs the real CDK command line on the real application, pointed at the local account."""

import os
from collections.abc import Sequence
from pathlib import Path

from local.account import Account
from local.processes import ROOT, run

CDK = ROOT / "node_modules/.bin/cdk"


def synth(account: Account, *, environment: str, to: Path, log: Path) -> None:
    """Synthesize the environment: a name, or the path of a declaration."""
    _run(
        account, "synth", "--quiet", "--context", f"environment={environment}",
        "--output", str(to), log=log,
    )  # fmt: skip


def bootstrap(account: Account, *, log: Path) -> None:
    """`cdk bootstrap`: what every account needs once before the first deploy."""
    # Given the account and region, the command needs no application.
    _run(account, "bootstrap", f"aws://{account.id}/{account.region}", "--app", "", log=log)


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
    variables = {
        **account.variables(account.administrator),
        "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
        "CDK_HOME": str(ROOT / ".local/cdk-home"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / ".local/jsii"),
    }
    run([CDK, *arguments, "--no-notices", "--no-color", "--ci"], log=log, variables=variables)
