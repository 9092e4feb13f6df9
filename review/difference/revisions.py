"""The assembly of a git revision, synthesized by that revision's own application."""

import io
import json
import os
import subprocess
import sys
import tarfile
from datetime import date
from pathlib import Path

_MANIFEST = "manifest.json"


class RevisionError(ValueError):
    """A revision that cannot be synthesized; the message says which and why."""


def is_assembly(name: str) -> bool:
    """Whether ``name`` is the folder of an assembly, and so no revision."""
    return (Path(name) / _MANIFEST).is_file()


def synthesized(
    revision: str, environment: str, folder: Path, *, today: date, repository: Path
) -> Path | None:
    """Synthesize ``environment`` as it was at ``revision``.

    A synthesis that ends in findings is good enough: its templates are written.

    Args:
        revision: whatever git knows as a commit.
        environment: a name, or a file's path in the repository.
        folder: an empty one, for the files of the revision and the assembly.
        today: the day of the review.
        repository: where git is asked.

    Returns:
        The assembly's folder; None if the revision has no such environment.

    Raises:
        RevisionError: there is no such revision, or nothing was synthesized.
    """
    commit = _git(
        repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit.returncode:
        raise RevisionError(
            f"{revision}: is neither an assembly's folder nor a revision that git knows here "
            "(`git fetch` brings those of others)"
        )
    files, out, temporary = (folder / name for name in ("files", "cdk.out", "tmp"))
    temporary.mkdir()
    archived = _git(repository, "archive", "--format=tar", commit.stdout.decode().strip())
    if archived.returncode:
        raise RevisionError(f"{revision}: {archived.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(files, filter="data")
    is_path = "/" in environment or environment.endswith((".yaml", ".yml"))
    if not (files / (environment if is_path else f"environments/{environment}.yaml")).is_file():
        return None
    ran = subprocess.run(  # noqa: S603
        [
            str(repository / "node_modules/.bin/cdk"),
            "synth",
            "--quiet",
            *("--app", f"{json.dumps(sys.executable)} app.py"),
            *("--output", str(out)),
            *("-c", f"environment={environment}"),
            *("-c", f"today={today}"),
        ],
        cwd=files,
        env=_environment(files, temporary),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not (out / _MANIFEST).is_file():
        raise RevisionError(f"{revision}: nothing was synthesized of {environment}:\n{ran.stderr}")
    return out


def _environment(files: Path, temporary: Path) -> dict[str, str]:
    """The variables: the revision's modules go before those that are installed."""
    paths = [str(files / each) for each in (".", "constructs", "lambda")]
    # The templates were validated when the revision was new.
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "CDK_VALIDATION": "false",
        "TMPDIR": str(temporary),  # cdk does not remove all that it writes there
    }


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=repository,
        capture_output=True,
        check=False,
    )
