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


@dataclass(frozen=True, kw_only=True)
class GitLabJob:
    """A job of GitLab, with what it inherits."""

    name: str
    script: list[str]
    variables: Mapping[str, str]
    tokens: Mapping[str, str]
    """The audience of each token that the job is given, by the variable that holds it."""

    def given(self, predefined: Mapping[str, str]) -> dict[str, str]:
        """The job's variables and those that GitLab sets. KeyError for one that it was not told."""
        own = {
            name: re.sub(r"\$(\w+)", lambda found: predefined[found[1]], str(value))
            for name, value in self.variables.items()
        }
        return {**predefined, **own}


def gitlab_job(name: str) -> GitLabJob:
    """A job as it is written, with what it extends."""
    content: dict[str, dict[str, Any]] = yaml.safe_load(GITLAB.read_text())
    entry, ancestry = content[name], [content[name]]
    while parent := entry.get("extends"):
        entry = content[parent]
        ancestry.insert(0, entry)
    whole: dict[str, Any] = {}
    for entry in ancestry:
        whole |= entry
    return GitLabJob(
        name=name,
        script=whole["script"],
        variables=whole.get("variables", {}),
        tokens={one: entry["aud"] for one, entry in whole.get("id_tokens", {}).items()},
    )


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
