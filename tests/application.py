"""The application, run as the CDK's command line runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

CdkOut = Callable[[str], Path]


def synthesize(
    environment: str,
    outdir: Path,
    *,
    root: Path = ROOT,
    umask: int = -1,
    application: Sequence[str] = ("app.py",),
) -> subprocess.CompletedProcess[str]:
    """Run ``python app.py``, or another application, as the CDK's command line does."""
    context = json.loads((root / "cdk.json").read_text())["context"]
    variables = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps({**context, "environment": environment}),
        "CDK_OUTDIR": str(outdir),
        "PYTHONPATH": os.pathsep.join(
            str(root / folder) for folder in (".", "constructs", "lambda")
        ),
    }
    for given_by_a_profile in ("CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION"):
        variables.pop(given_by_a_profile, None)
    return subprocess.run(
        [sys.executable, *application],
        cwd=root,
        env=variables,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


def templates(outdir: Path) -> dict[str, dict[str, Any]]:
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text())
        for file in sorted(outdir.glob("*.template.json"))
    }
