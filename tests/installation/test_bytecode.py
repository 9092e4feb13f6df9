import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.application import ROOT
from tests.damage import DAMAGES

IMPORT = "import sys; sys.path[:0] = sys.argv[1:]; import module; print(module.answer)"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "bytecode"


def imported(cache: Path) -> str:
    """What a program prints that imports a module, compiled or not."""
    module = cache.with_name("source") / "module.py"
    module.parent.mkdir(exist_ok=True)
    if not module.exists():
        module.write_text("answer = 'as it is written: ' + str([*range(3)])\n")
    variables = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", IMPORT, module.parent]
    ran = subprocess.run(command, env=variables, capture_output=True, text=True)
    return ran.stdout or ran.stderr


def checked(cache: Path) -> None:
    subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "installation/bytecode.py", cache], check=True
    )


@pytest.mark.first(4)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("before", [0, 1])
def test_a_module_is_imported_whatever_became_of_what_was_compiled(
    cache: Path, damage: Callable[[Path], None], before: int
) -> None:
    expected = imported(cache)
    assert expected.startswith("as it is written")
    [compiled] = cache.rglob("module*.pyc")
    for _ in range(before):
        checked(cache)
    damage(compiled)
    checked(cache)
    assert imported(cache) == expected


def test_what_is_whole_is_kept(cache: Path) -> None:
    imported(cache)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.pyc")}
    checked(cache)
    imported(cache)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.pyc")} == before


@pytest.mark.first(2)
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_it_remembers_may_be_damaged_too(cache: Path, damage: Callable[[Path], None]) -> None:
    imported(cache)
    checked(cache)
    [remembered] = cache.glob(".checked.*")
    damage(remembered)
    checked(cache)
