from pathlib import Path

import pytest

from stacks import outdir
from tests.application import ROOT

ASSET = f"asset.{'0a' * 32}"
LEFT_BY_THE_CDK = ["prod-access.template.json", "prod-access.assets.json", "prod.metadata.json"]


def test_what_an_earlier_synthesis_left_is_gone(tmp_path: Path) -> None:
    (tmp_path / ASSET).mkdir()
    for name in ("cdk.out", "synth.lock", *LEFT_BY_THE_CDK, f"{ASSET}.json"):
        (tmp_path / name).touch()
    outdir.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cdk.out", "synth.lock"}


@pytest.mark.parametrize(
    ("mine", "named"),
    [
        ({"notes"}, "notes"),
        ({ASSET, "asset.png", "dev-access.template.json"}, "asset.png"),
        ({"my.template.json"}, "my.template.json"),
        ({"synth.lock", "app.py", "cdk.json", "lambda", "stacks"}, "app.py, cdk.json, lambda"),
    ],
)
def test_a_folder_of_somebody_elses_is_refused_and_left_as_it_is(
    tmp_path: Path, mine: set[str], named: str
) -> None:
    for name in mine:
        (tmp_path / name).touch()
    with pytest.raises(outdir.OutdirError, match=f"it has {named}$"):
        outdir.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == mine


def test_beside_an_earlier_synthesis_files_of_ones_own_stay(tmp_path: Path) -> None:
    for name in ("cdk.out", "notes"):
        (tmp_path / name).touch()
    outdir.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cdk.out", "notes"}


@pytest.mark.parametrize("left", [[], ["synth.lock"], [ASSET, *LEFT_BY_THE_CDK, "tree.json"]])
def test_a_new_folder_and_one_of_an_interrupted_synthesis_are_taken(
    tmp_path: Path, left: list[str]
) -> None:
    for name in left:
        (tmp_path / name).touch()
    outdir.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"synth.lock", "tree.json"}
    outdir.clear(tmp_path / "not there")


@pytest.mark.parametrize("place", ["constructs/new", "docs", "cdk.outer/../stacks", "", "try.new"])
def test_a_folder_among_the_sources_is_refused(place: str) -> None:
    with pytest.raises(outdir.OutdirError, match="is among the sources; must be outside of"):
        outdir.refuse_among_sources(ROOT / place, ROOT)


def test_a_link_to_the_sources_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT / "docs")
    with pytest.raises(outdir.OutdirError, match="is among the sources"):
        outdir.refuse_among_sources(tmp_path / "link", ROOT)


@pytest.mark.parametrize("place", ["cdk.out", "cdk.out.prod/base", "build/x", ".local/tmp/1", ".."])
def test_a_folder_that_git_ignores_and_one_elsewhere_are_taken(place: str) -> None:
    outdir.refuse_among_sources(ROOT / place, ROOT)
