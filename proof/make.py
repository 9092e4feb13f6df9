"""The project's own make targets, as users type them, pointed at the local account."""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

from proof.account import Account
from proof.programs import ProgramError, finish, started


def begun(
    account: Account, *targets: str, environment: Path, output: Path, log: Path
) -> AbstractContextManager[Popen[str]]:
    """Begin `make TARGETS ENVIRONMENT=... OUTPUT=...` as the account's administrator.

    Args:
        account: whose endpoint and credentials the environment holds, and nothing more.
        targets: such as ``deploy``.
        environment: the declaration.
        output: folder that is synthesized to.
        log: file that the output is added to.

    Raises:
        ProgramError: there is no make.
    """
    program = shutil.which("make")
    if program is None:
        raise ProgramError("no make on the PATH")
    command = [program, *targets, f"ENVIRONMENT={environment}", f"OUTPUT={output}"]
    return started(command, log=log, variables=account.variables(account.administrator))


def run(account: Account, *targets: str, environment: Path, output: Path, log: Path) -> None:
    """Run targets to their end; see `begun`. ProgramError if one fails."""
    with begun(account, *targets, environment=environment, output=output, log=log) as process:
        finish(process, log=log)
