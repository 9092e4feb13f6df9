"""What the demo deploys with is what users type."""

import ast
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proof import make
from proof.account import Account, Credentials
from proof.programs import ROOT

# The command itself, and options that are its own.
OF_CDK = re.compile(
    r"(.*/)?cdk|--(all|app|concurrency|context|exclusively|force|hotswap|output|require-approval)"
)


def strings(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_neither_the_proof_nor_the_emulator_starts_cdk_or_has_an_option_of_it() -> None:
    found = {
        (file.name, string)
        for folder in ("emulator", "proof")
        for file in (ROOT / folder).rglob("*.py")
        for string in strings(file)
        if OF_CDK.fullmatch(string)
    }
    assert found == {("teardown.py", "cdk")}  # the beginning of the names that bootstrapping gives


OUTLIVE = """
import sys, tempfile
from proof.programs import outlive_make
outlive_make()
print(tempfile.gettempdir(), flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_what_goes_on_after_make_keeps_its_temporary_folder_until_it_ends() -> None:
    another = ["make", "-s", "--eval", "probe: ;", "probe"]
    variables = os.environ | {"MAKEFLAGS": ""}
    with subprocess.Popen(
        [sys.executable, "-c", OUTLIVE],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as kept:  # fmt: skip
        assert kept.stdout
        folder = Path(kept.stdout.readline().strip())
        subprocess.run(another, cwd=ROOT, env=variables, check=True)
        assert folder == ROOT / f".local/tmp/{kept.pid}"
        assert folder.is_dir()
    subprocess.run(another, cwd=ROOT, env=variables, check=True)
    assert not folder.exists()


@pytest.mark.slow
def test_what_a_killed_command_leaves_is_in_this_folder_until_the_next(tmp_path: Path) -> None:
    leave = 'probe: ; @echo "$$TMPDIR"; touch "$$TMPDIR/left"; kill -9 $$PPID'
    variables = os.environ | {"TMPDIR": str(tmp_path), "MAKEFLAGS": ""}
    command = ["make", "-s", "--eval", leave, "probe"]
    ran = [
        subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [one.returncode for one in ran] == [-signal.SIGKILL] * 2
    first, second = (Path(one.stdout.strip()) for one in ran)
    assert first.parent == second.parent == ROOT / ".local/tmp"
    assert (first.exists(), [*second.iterdir()]) == (False, [second / "left"])
    assert [*tmp_path.iterdir()] == []


def test_make_gets_the_endpoint_and_credentials_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, log = tmp_path / "bin/make", tmp_path / "make.log"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"; exec env\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    # As when the demo runs under make itself, with the caller's own AWS configured.
    monkeypatch.setenv("MAKEFLAGS", "-- ENVIRONMENT=prod")
    monkeypatch.setenv("AWS_PROFILE", "production")
    account = Account(
        id="111122223333",
        region="eu-central-1",
        url="http://127.0.0.1:1",
        administrator=Credentials(access_key_id="AKIA", secret_access_key="secret"),
        authorities=tmp_path,
        calls_file=tmp_path,
        control_token="",
    )
    make.run(account, "diff", "access", environment=Path("a.yaml"), output=Path("out"), log=log)
    [*lines] = log.read_text().splitlines()
    assert lines[:4] == ["diff", "access", "ENVIRONMENT=a.yaml", "OUTPUT=out"]
    found = dict(line.split("=", 1) for line in lines[4:] if "=" in line)
    given = account.variables(account.administrator)
    assert {name: found.get(name) for name in given} == given
    added = {name for name in found if os.environ.get(name) != found[name]}
    assert added <= {*given, "PYTHONPYCACHEPREFIX", "_", "PWD", "OLDPWD", "SHLVL"}
    assert found["AWS_ENDPOINT_URL"] == account.url
    assert not {"MAKEFLAGS", "AWS_PROFILE"} & found.keys()
