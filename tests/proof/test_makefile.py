"""What the targets run. What the caller hands to make, no shell reads."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from proof.programs import ROOT

SAID = re.findall(r"^SAID := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()
SEVERAL = {"REVIEWS", "TRAIL"}
"""Names of files, apart by a space."""
# A command that tells itself and its arguments, a line a command.
ECHO = '#!/bin/sh\nprintf "%s\\0" "$0" "$@"; echo\n'
TARGETS = (
    "synth difference changes matrix diff deploy repair prune destroy comment post-comment "
    "deployed revoke who certificates images doctor"
)


@pytest.fixture
def echoing(tmp_path: Path) -> Path:
    """A folder with a python and a cdk that do nothing but tell."""
    for name in ("python", "cdk"):
        (tmp_path / name).write_text(ECHO)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"MAKEFLAGS": ""}
    # The clone's own name may have a space in it.
    programs = os.path.relpath(folder, ROOT)
    # What is installed is another test's matter: no Python looks at it.
    command = ["make", "-s", "PYTHON=true", f"BIN={programs}", f"CDK={programs}/cdk", *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)


def commands(ran: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert ran.stderr == ""
    return [line.rstrip("\0").split("\0") for line in ran.stdout.splitlines()]


@pytest.mark.parametrize(
    "folder", ["a folder/of mine", pytest.param("environments", marks=pytest.mark.slow)]
)
def test_a_deploy_asks_nothing_and_has_the_access_stack_hear_of_the_others(
    echoing: Path, folder: str
) -> None:
    ran = run(echoing, "deploy", f"ENVIRONMENT={folder}/prod.yaml")
    [others, access] = [one for one in commands(ran) if one[1] == "deploy"]
    for options in (others, access):
        assert options[options.index("--require-approval") + 1] == "never"
    assert "prod-!(access)" in others
    assert {"prod-access", "--exclusively"} <= {*access}
    # By force alone CloudFormation finds nothing to change, and resolves nothing anew.
    assert re.fullmatch(
        r"prod-access:Deployment=\d{8}T\d{6}Z", access[access.index("--parameters") + 1]
    )


NASTY = [
    "it's `touch {0}`;touch {0}",
    'a "b" c',
    "a;touch {0}",
    "a|touch {0}",
    "a&touch {0}",
    "#é\\",
]


@pytest.mark.first(1)
@pytest.mark.parametrize("nasty", NASTY)
def test_whatever_a_variable_holds_is_an_argument(echoing: Path, nasty: str) -> None:
    mark = echoing / "run"
    values = {name: f"{name.lower()}-{nasty.format(mark)}" for name in SAID}
    ran = run(echoing, *TARGETS.split(), *(f"{name}={value}" for name, value in values.items()))
    arguments = {argument for command in commands(ran) for argument in command}
    for name, value in values.items():
        for word in value.split() if name in SEVERAL else [value]:
            assert any(word in one for one in arguments), (name, word)
    assert not mark.exists()


@pytest.mark.first(1)
@pytest.mark.parametrize("name", SAID)
def test_what_make_itself_would_read_is_refused(echoing: Path, name: str) -> None:
    mark = echoing / "run"
    ran = run(echoing, "synth", f"{name}=$(shell touch {mark})")
    assert f"{name} has a dollar sign in it" in ran.stderr
    assert (ran.returncode, mark.exists()) == (2, False)


@pytest.mark.first(1)
@pytest.mark.parametrize("name", ["BASE", "ENVIRONMENT", "OUTPUT"])
def test_what_is_given_empty_is_refused(echoing: Path, name: str) -> None:
    ran = run(echoing, "synth", f"{name}=")
    assert f"{name} is empty: give it a value or leave it out" in ran.stderr
    assert ran.returncode == 2


def named() -> set[str]:
    """The variables that the list of targets or a document says may be given."""
    documents = [ROOT / "Makefile", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return {
        name
        for document in documents
        for line in re.findall(r"make [a-z-]+ [^`\n]*|## .*", document.read_text())
        for name in re.findall(r"\b([A-Z]{3,})=", line)
    }


def test_each_variable_that_the_list_of_targets_or_a_document_names_is_checked() -> None:
    assert named() <= {*SAID, "EXIT_CODE", "JOB", "JSON", "KEEP", "PYTEST"}


def test_no_variable_that_people_give_is_another_thing_of_the_makefiles() -> None:
    own = re.findall(r"^(\w+) *:?=", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named() & {*own} == set()


def test_a_demo_goes_on_only_where_that_is_asked_for(echoing: Path) -> None:
    assert commands(run(echoing, "demo"))[-1][1:] == ["-m", "proof.demo"]
    assert commands(run(echoing, "demo", "KEEP=1"))[-1][1:] == ["-m", "proof.demo", "--keep"]


@pytest.mark.slow
def test_each_benchmark_runs_whatever_another_misses(echoing: Path) -> None:
    (echoing / "python").write_text(f'{ECHO}case "$*" in *benchmarks|*review*) exit 1; esac\n')
    ran = run(echoing, "bench")
    modules = [line.rstrip("\0").split("\0")[2] for line in ran.stdout.splitlines()]
    every = ["benchmarks", "benchmarks.airflow", "benchmarks.review", "benchmarks.synthesis"]
    assert modules == every
    assert ran.returncode
    assert "not every goal was met: function review" in ran.stderr
    (echoing / "python").write_text(ECHO)
    assert [command[2] for command in commands(run(echoing, "bench"))] == every
