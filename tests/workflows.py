"""The workflows of pipelines, and what their steps run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tests.application import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GITLAB = ROOT / ".gitlab-ci.yml"
_EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step that runs a command."""

    job: str
    command: str
    variables: Mapping[str, str]

    def given(self, context: Mapping[str, str]) -> dict[str, str]:
        """The step's variables, with the expressions of GitHub replaced. KeyError for others."""
        return {
            name: _EXPRESSION.sub(lambda found: context[found[1]], str(value))
            for name, value in self.variables.items()
        }


def workflow(name: str) -> dict[str, Any]:
    """A workflow of GitHub as it is written; `on`, which YAML reads as true, by that name."""
    content: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())
    return {"on" if key is True else str(key): value for key, value in content.items()}


def steps(name: str, job: str) -> list[Step]:
    """The steps of a job that run commands, in their order."""
    return [
        Step(job=job, command=one["run"], variables=one.get("env", {}))
        for one in workflow(name)["jobs"][job]["steps"]
        if "run" in one
    ]


def commands(path: Path) -> Iterator[tuple[str, str]]:
    """Each job of a file of GitHub or GitLab with each of its commands."""
    if path != GITLAB:
        for job in workflow(path.name)["jobs"]:
            yield from ((job, step.command) for step in steps(path.name, job))
        return
    content: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())
    for job, entry in content.items():
        for part in ("before_script", "script"):
            for command in cast("list[str]", entry.get(part, [])):
                yield job, command
