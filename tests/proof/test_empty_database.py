from collections.abc import Callable
from pathlib import Path

import pytest

from proof import empty_database
from tests.damage import CHANGES_OF_MODE, DAMAGES

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    empty_database.keep(CONTENT, tmp_path / "cache")
    return tmp_path / "cache"


def test_what_was_kept_is_found(cache: Path) -> None:
    assert empty_database.kept(cache) == CONTENT


@pytest.mark.parametrize("damage", [one for one in DAMAGES if one not in CHANGES_OF_MODE])
def test_what_was_damaged_is_not_used_and_is_made_anew(
    cache: Path, damage: Callable[[Path], None]
) -> None:
    [file] = cache.iterdir()
    damage(file)
    assert empty_database.kept(cache) is None
    empty_database.keep(CONTENT, cache)
    assert empty_database.kept(cache) == CONTENT


def test_what_another_release_made_is_not_used(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(empty_database, "LOCK", tmp_path / "lock")
    (tmp_path / "lock").write_text("apache-airflow==4\n")
    assert empty_database.kept(cache) is None
    empty_database.keep(CONTENT, cache)
    assert len([*cache.iterdir()]) == 1
