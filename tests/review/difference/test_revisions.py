"""The command, on folders of assemblies and on revisions of a repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from review.difference.__main__ import main
from tests.application import ROOT

pytestmark = pytest.mark.slow

# What a repository's application is here: it has been synthesized before.
APP = """
import os, shutil
shutil.copytree("assembly", os.environ["CDK_OUTDIR"], dirs_exist_ok=True)
"""
GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]


def of_dev(assembly: Path, folder: Path) -> Path:
    """The assembly in another folder, less its assets."""
    return shutil.copytree(assembly, folder, ignore=shutil.ignore_patterns("asset.*"))


def without_payroll(assembly: Path) -> None:
    """As if nobody had ever been granted payroll."""
    file = assembly / "dev-access.template.json"
    template = json.loads(file.read_text())
    template["Resources"] = {
        name: one
        for name, one in template["Resources"].items()
        if "shop_payroll_own" not in json.dumps(one.get("Properties", {}).get("PolicyDocument", {}))
    }
    for one in template["Resources"].values():
        databases = one.get("Properties", {}).get("Databases", [])
        databases[:] = [each for each in databases if each["Name"] != "payroll"]
    file.write_text(json.dumps(template))
    kept = assembly / "review/declared.json"
    declared = json.loads(kept.read_text())
    declared["grants"] = [one for one in declared["grants"] if one["database"] != "payroll"]
    kept.write_text(json.dumps(declared))


@pytest.fixture(scope="module")
def repository(dev_assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three revisions: ``first`` has no dev, ``second`` has no access to payroll, ``third`` has."""
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run([*GIT, "init", "--quiet"], cwd=folder, check=True)
    (folder / "app.py").write_text(APP)
    (folder / "environments").mkdir()
    assembly = of_dev(dev_assembly, folder / "assembly")
    without_payroll(assembly)
    for tag in ("first", "second", "third"):
        if tag == "second":
            (folder / "environments/dev.yaml").touch()
        if tag == "third":
            shutil.rmtree(assembly)
            of_dev(dev_assembly, assembly)
        subprocess.run([*GIT, "add", "--all"], cwd=folder, check=True)
        subprocess.run([*GIT, "commit", "--quiet", "-m", tag], cwd=folder, check=True)
        subprocess.run([*GIT, "tag", tag], cwd=folder, check=True)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


@pytest.fixture
def difference(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repository)
    return repository


def test_revisions_are_synthesized_and_compared(
    difference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["second", "third", "--exit-code", "--write", str(tmp_path)]) == 3
    assert capsys.readouterr().out == "+ shop may own payroll (dev-warehouse)\n"
    assert (tmp_path / "difference.md").read_text().startswith("### Access of dev: 1 wider\n")
    assert json.loads((tmp_path / "difference.json").read_text())["widens"] is True


def test_an_assembly_is_compared_with_a_revision_and_what_narrows_needs_nobody(
    difference: Path, dev_assembly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(dev_assembly), "second", "--exit-code"]) == 0
    assert "- shop may own payroll" in capsys.readouterr().out


def test_an_environment_that_a_revision_has_not_is_all_new(
    difference: Path, dev_assembly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["first", str(dev_assembly)]) == 0
    assert "+ shop may own orders (dev-warehouse)\n" in capsys.readouterr().out


def test_the_same_is_no_change(dev_assembly: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(dev_assembly), str(dev_assembly), "--exit-code"]) == 0
    assert capsys.readouterr().out == "no change of access\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere", "nowhere: is neither an assembly's folder nor a revision that git knows here"),
        ("--output=x", "--output=x: is neither an assembly's folder nor a revision"),
    ],
)
def test_what_is_neither_is_told(
    difference: Path, dev_assembly: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    assert main(["--", name, str(dev_assembly)]) == 1
    assert says in capsys.readouterr().err


def test_an_application_that_fails_is_told_in_its_own_words(
    difference: Path, dev_assembly: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (difference / "app.py").write_text('raise SystemExit("no such zone")')
    subprocess.run([*GIT, "commit", "--quiet", "-am", "broken"], cwd=difference, check=True)
    assert main(["HEAD", str(dev_assembly)]) == 1
    told = capsys.readouterr().err
    assert "HEAD: nothing was synthesized of dev:" in told
    assert "no such zone" in told


def test_an_assembly_of_another_application_is_told(
    dev_assembly: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = of_dev(dev_assembly, tmp_path / "other")
    (other / "review/declared.json").unlink()
    assert main([str(other), str(dev_assembly)]) == 1
    assert "holds no review/declared.json" in capsys.readouterr().err
    (other / "review/declared.json").write_text("{}")
    assert main([str(other), str(dev_assembly)]) == 1
    assert "was written by another version" in capsys.readouterr().err


def test_nothing_is_left_behind(
    difference: Path, dev_assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = sorted(difference.iterdir())
    command = [sys.executable, "-m", "review.difference", "second", str(dev_assembly)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=difference, check=True, env=environment, capture_output=True)
    assert sorted(difference.iterdir()) == before
    assert [*tmp_path.iterdir()] == []
