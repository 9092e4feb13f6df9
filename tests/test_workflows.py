"""What the workflows of GitHub and GitLab may do, and that each of their steps is one of make's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.application import ROOT
from tests.workflows import GITLAB, WORKFLOWS, commands, workflow

NAMES = [path.name for path in WORKFLOWS]
MAKE = re.compile(
    r"make((?: [a-z][a-z0-9-]*)+)((?: [A-Z_]+=(?:\"\$[A-Z_]+\"|'[^'\"$]*'|[\w./-]+))*)"
)


def targets() -> set[str]:
    found: set[str] = set()
    for line in (ROOT / "Makefile").read_text().splitlines():
        if names := re.match(r"([a-z0-9 -]+):(?!=)", line):
            found.update(names[1].split())
    return found


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB], ids=lambda path: path.name)
def test_each_step_runs_a_target_of_make_that_a_person_can_run(path: Path) -> None:
    found = list(commands(path))
    assert found
    for job, command in found:
        run = MAKE.fullmatch(command)
        assert run, f"{job}: {command}"
        assert set(run[1].split()) <= targets(), f"{job}: {command}"


def actions(name: str) -> Iterator[str]:
    for line in (ROOT / ".github/workflows" / name).read_text().splitlines():
        if used := re.search(r"uses: (.*)", line):
            yield used[1]


@pytest.mark.parametrize("name", NAMES)
def test_each_action_is_pinned_by_its_commit_with_the_version_beside_it(name: str) -> None:
    found = list(actions(name))
    assert found
    for used in found:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_an_action_has_one_version_everywhere() -> None:
    found = {used.partition("@")[0]: set[str]() for name in NAMES for used in actions(name)}
    for name in NAMES:
        for used in actions(name):
            found[used.partition("@")[0]].add(used)
    assert {action: len(versions) for action, versions in found.items()} == dict.fromkeys(found, 1)


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in NAMES:
        for job, content in workflow(name)["jobs"].items():
            yield name, job, content


def test_no_job_has_a_permission_that_it_does_not_need() -> None:
    assert all(workflow(name)["permissions"] == {} for name in NAMES)
    read = {"contents": "read"}
    assert {(name, job): content["permissions"] for name, job, content in jobs()} == {
        ("comment.yml", "comment"): read | {"actions": "read", "pull-requests": "write"},
        ("deploy.yml", "dev"): read | {"id-token": "write"},
        ("deploy.yml", "difference"): read | {"deployments": "read"},
        ("deploy.yml", "prod"): read | {"id-token": "write"},
        ("pull-request.yml", "check"): read,
        ("pull-request.yml", "deployed"): read | {"id-token": "write"},
        ("pull-request.yml", "review"): read | {"security-events": "write"},
    }


def test_no_checkout_leaves_its_token_behind() -> None:
    for name, job, content in jobs():
        for step in content["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, (name, job)


def test_what_writes_to_a_pull_request_checks_out_none_of_its_code() -> None:
    triggers = {name: set(workflow(name)["on"]) for name in NAMES}
    assert triggers == {
        "comment.yml": {"workflow_run"},
        "deploy.yml": {"push"},
        "pull-request.yml": {"pull_request"},
    }
    [checkout] = [
        step
        for step in workflow("comment.yml")["jobs"]["comment"]["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert checkout["with"].keys() == {"persist-credentials"}


def test_a_deploy_is_of_main_in_its_environment_and_is_not_cut_off() -> None:
    deploy = workflow("deploy.yml")
    assert deploy["on"] == {"push": {"branches": ["main"]}}
    for environment in ("dev", "prod"):
        job = deploy["jobs"][environment]
        assert job["environment"] == environment
        assert job["concurrency"] == {
            "group": f"deploy-{environment}",
            "cancel-in-progress": False,
        }
    assert deploy["jobs"]["prod"]["needs"] == "difference"
    assert deploy["jobs"]["difference"]["needs"] == "dev"


def test_no_step_is_given_a_secret_or_a_text_of_a_strangers_in_its_command() -> None:
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text()
        assert not [command for _, command in commands(path) if "${{" in command]
