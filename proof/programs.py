"""Programs that the demo starts: each writes to its own log and ends when the demo does."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from emulator.processes import environment_without, launched

ROOT = Path(__file__).resolve().parents[1]
# Seconds that a program has to end by itself before it is killed.
GRACE = 20


class ProgramError(Exception):
    """A program ended with an error; the message holds the end of its log."""


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, without what would steer AWS, PostgreSQL, Airflow, Python or make.

    Python's bytecode goes to a folder of its own, where the next demo finds it.
    """
    foreign = ("AWS_", "AIRFLOW", "CDK_", "MAKE", "MFLAGS", "PG", "PYTHON", "VIRTUAL_ENV")
    bytecode = str(ROOT / ".local/bytecode")
    return environment_without(foreign, os.environ) | {"PYTHONPYCACHEPREFIX": bytecode, **variables}


def outlive_make() -> None:
    """Have a temporary folder of this process's own: make's goes once make has returned."""
    folder = ROOT / ".local/tmp" / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    log: Path,
    variables: Mapping[str, str],
    death_signal: signal.Signals = signal.SIGTERM,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = None,
) -> Generator[subprocess.Popen[str]]:
    """Start a program in the project's folder; it is ended on leaving.

    Args:
        command: the program and its arguments.
        log: file that its output is added to.
        variables: what its environment holds beside the caller's.
        death_signal: what it gets should this process be killed (Linux).
        stdin: as for `subprocess.Popen`.
        stdout: as for `subprocess.Popen`; the log by default.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            launched(command, death_signal=death_signal),
            cwd=ROOT,
            env=environment(variables),
            stdin=stdin,
            stdout=output if stdout is None else stdout,
            stderr=output,
            text=True,
            start_new_session=True,  # Ctrl-C is for the demo, which ends its children in order.
        )
    process.args = [*command]
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End a program and whatever it started in its session."""
    if process.stdin:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(process: subprocess.Popen[str], *, log: Path) -> None:
    """Wait for a program. ProgramError if it ends with an error."""
    if process.wait():
        raise ProgramError(
            f"{program(process)} ended with {process.returncode}; the end of {log}:\n{tail(log)}"
        )


def run(command: Sequence[str | Path], *, log: Path, variables: Mapping[str, str]) -> None:
    """Run a program to its end. ProgramError if it ends with an error."""
    with started(command, log=log, variables=variables) as process:
        finish(process, log=log)


def program(process: subprocess.Popen[str]) -> str:
    """A program's name and first argument, for people."""
    [path, *arguments] = process.args if isinstance(process.args, list) else [process.args]
    return " ".join([Path(str(path)).name, *map(str, arguments[:1])])


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
