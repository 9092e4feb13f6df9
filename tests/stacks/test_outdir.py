from pathlib import Path

from stacks import outdir

ASSET = f"asset.{'0a' * 32}"
LEFT_BY_THE_CDK = ["prod-access.template.json", "prod-access.assets.json", "prod.metadata.json"]


def test_what_an_earlier_synthesis_left_is_gone(tmp_path: Path) -> None:
    (tmp_path / ASSET).mkdir()
    for name in ("cdk.out", "synth.lock", *LEFT_BY_THE_CDK, f"{ASSET}.json"):
        (tmp_path / name).touch()
    outdir.clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"cdk.out", "synth.lock"}


def test_nobody_elses_files_are_touched(tmp_path: Path) -> None:
    mine = {"my.template.json", "asset.png", "notes"}
    for name in mine:
        (tmp_path / name).touch()
    outdir.clear(tmp_path)
    outdir.clear(tmp_path / "not there")
    assert {path.name for path in tmp_path.iterdir()} == mine
