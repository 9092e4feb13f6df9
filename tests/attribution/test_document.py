"""docs/audit.md shows what the program says."""

import re
from pathlib import Path

import pytest

from attribution.__main__ import main
from tests.application import ROOT


def block(language: str) -> str:
    """The one block of code of its language."""
    document = (ROOT / "docs/audit.md").read_text()
    [found] = re.findall(rf"```{language}\n(.*?)```", document, re.DOTALL)
    return found


def test_the_document_has_the_programs_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, trail = tmp_path / "log", tmp_path / "trail"
    log.write_text(block("log"))
    trail.write_text(block("json"))
    assert main([str(log), str(trail), "--environment", "dev", "--identity", "shop"]) == 0
    assert block("text") in capsys.readouterr().out
