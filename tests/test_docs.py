"""What the documents name is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.application import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# What is made when it is needed; a review, in the folder that is synthesized to.
MADE = {".venv", ".local", "build", "cdk.out", "node_modules", "review", "try"}
NEVER = {"constructs/__init__.py", "tests/constructs/__init__.py"}


def code(document: Path) -> Iterator[str]:
    """Each line of code in a document."""
    for block, span in CODE.findall(document.read_text()):
        yield from (block or span).splitlines()


def targets() -> set[str]:
    found: set[str] = set()
    for line in (ROOT / "Makefile").read_text().splitlines():
        if names := re.match(r"([a-z -]+):(?!=)", line):
            found.update(names[1].split())
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_target_of_make_exists(document: Path) -> None:
    named = {
        word
        for line in code(document)
        for command in re.findall(r"\bmake ((?:[a-z][a-z-]*\b ?)+)", line)
        for word in command.split()
    }
    assert named <= targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        if not link.startswith(("http", "#")):
            assert (document.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_file_and_folder_that_is_named_exists(document: Path) -> None:
    for line in code(document):
        for path in re.findall(r"(?<![\w/<>.@:{*-])\.?[a-z_]\w*/[\w/.-]*\w", line):
            top = path.partition("/")[0]
            if top not in MADE and (ROOT / top).exists():
                assert (ROOT / path).exists() != (path in NEVER), path
