"""What is kept is used only as it was, and made anew if it cannot be."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from installation import installed
from tests.application import ROOT
from tests.damage import CHANGES_OF_MODE, DAMAGES

PROGRAM = ROOT / "installation/installed.py"
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that was installed, with a program, a link to one and a file in a folder."""
    made = tmp_path / "state/venvs/one"
    (made / "lib").mkdir(parents=True)
    (made / "lib/module.py").write_text("answer = 42\n" * 20)
    (made / "program").write_text(f"#!{made}/python\n")
    (made / "program").chmod(0o755)
    (made / "python").symlink_to(sys.executable)
    installed.mark(made)
    assert installed.is_whole(made)
    return made


def run(state: Path, *folders: Path) -> str:
    """What make prints before anything else, and stops for."""
    # As make does: without anything that is installed.
    command = [sys.executable, "-I", "-S", PROGRAM, state, state / f"tmp/{os.getpid()}", *folders]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.first(4)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["lib/module.py", "program"])
def test_a_folder_with_a_damaged_file_is_made_anew(
    folder: Path, file: str, damage: Callable[[Path], None]
) -> None:
    damage(folder / file)
    assert run(folder.parents[1], folder) == ""
    assert not folder.exists()


@pytest.mark.parametrize("damage", [one for one in DAMAGES if one not in CHANGES_OF_MODE])
def test_a_folder_with_a_damaged_mark_is_made_anew(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    damage(folder / installed.MARK)
    assert run(folder.parents[1], folder) == ""
    assert not folder.exists()


@pytest.mark.parametrize("end", ["nothing", "/bin/sh"])
def test_a_folder_whose_interpreter_is_gone_or_another_is_made_anew(folder: Path, end: str) -> None:
    (folder / "python").unlink()
    (folder / "python").symlink_to(end)
    assert run(folder.parents[1], folder) == ""
    assert not folder.exists()


def test_a_mark_that_was_cut_between_two_lines_is_none(folder: Path) -> None:
    lines = (folder / installed.MARK).read_text().split("\n")
    for count in range(len(lines)):
        (folder / installed.MARK).write_text("\n".join(lines[:count]))
        assert not installed.is_whole(folder)


def test_what_was_added_does_no_harm(folder: Path) -> None:
    (folder / "lib/__pycache__").mkdir()
    (folder / "lib/__pycache__/module.pyc").touch()
    (folder / "another").touch()
    assert run(folder.parents[1], folder) == ""
    assert installed.is_whole(folder)


def test_a_copy_elsewhere_is_made_anew_and_the_original_stays(folder: Path) -> None:
    copy = folder.with_name("two")
    shutil.copytree(folder, copy, symlinks=True)
    assert run(folder.parents[1], folder, copy) == ""
    assert (folder.exists(), copy.exists()) == (True, False)


def test_a_folder_without_rights_is_made_anew(folder: Path) -> None:
    (folder / "lib").chmod(0)
    (folder / "program").unlink()
    assert run(folder.parents[1], folder) == ""
    assert not folder.exists()


def test_in_the_place_of_a_folder_a_file_or_a_link_goes_and_what_it_leads_to_stays(
    folder: Path,
) -> None:
    file, link, nowhere = (folder.with_name(name) for name in ("file", "link", "nowhere"))
    file.touch()
    link.symlink_to(folder)
    nowhere.symlink_to("nothing")
    assert run(folder.parents[1], file, link, nowhere) == ""
    assert not any(map(os.path.lexists, (file, link, nowhere)))
    assert installed.is_whole(folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "bytecode", "cache", "demo", "tmp", "venvs"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_kept_is_kept_in_folders_whatever_was_in_their_place(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    state = tmp_path / "state"
    assert run(state) == ""
    shutil.rmtree(state / name)
    (state / name).write_text("no folder")
    damage(state / name)
    assert run(state) == ""
    assert (state / name).is_dir()
    assert not (state / name).is_symlink()
    assert os.access(state / name, os.R_OK | os.W_OK | os.X_OK)


def run_as_nobody(state: Path, *folders: Path) -> str:
    """As `run`, by a user who is not root."""
    for parent in state.parents:
        if parent.owner() == "root" and parent.is_relative_to(Path(tempfile.gettempdir())):
            parent.chmod(parent.stat().st_mode | 0o055)
    as_nobody = "import os, sys; from pathlib import Path; from installation import installed; "
    as_nobody += f"os.setuid({NOBODY}); installed.main(*map(Path, sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", as_nobody, state, state / "tmp/1", *folders],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return ran.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else becomes another user")
@pytest.mark.parametrize("name", ["", "bytecode", "cache", "demo", "tmp", "venvs"])
def test_folders_of_ones_own_that_cannot_be_written_to_are_opened_up(
    tmp_path: Path, name: str
) -> None:
    state = tmp_path / "state"
    assert run(state) == ""
    for folder in (state, *state.rglob("*")):
        os.chown(folder, NOBODY, NOBODY)
    (state / name).chmod(0o500)
    assert run_as_nobody(state) == ""
    assert (state / name).stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else becomes another user")
@pytest.mark.parametrize("whole", [True, False])
def test_what_only_another_user_can_put_right_is_told(folder: Path, whole: bool) -> None:
    state = folder.parents[1]
    assert run(state) == ""
    if not whole:
        (folder / "program").unlink()
    told = run_as_nobody(state, folder)
    assert re.fullmatch(r".* is of a command that another user ran: .* make clean\n", told)
    assert folder.exists()


def test_the_temporary_files_of_processes_that_have_ended_go_and_others_stay(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (os.getppid(), ended.pid, "of-nobody"):
        (state / f"tmp/{name}/within").mkdir(parents=True)
    (state / "tmp/file").touch()
    (state / f"tmp/{os.getpid()}/of-its-namesake").mkdir(parents=True)
    assert run(state) == ""
    assert [*(state / f"tmp/{os.getpid()}").iterdir()] == []
    assert {path.name for path in (state / "tmp").iterdir()} == {
        str(os.getppid()), str(os.getpid()),
    }  # fmt: skip


def test_two_commands_at_once_remove_what_a_third_left(tmp_path: Path) -> None:
    left = tmp_path / "state/tmp/999999999"
    for number in range(300):
        (left / str(number)).mkdir(parents=True)
        (left / str(number) / "file").touch()
    command = [sys.executable, "-I", "-S", PROGRAM, tmp_path / "state"]
    both = [
        subprocess.Popen([*command, tmp_path / f"state/tmp/{pid}"], stdout=subprocess.PIPE)
        for pid in (os.getpid(), os.getppid())
    ]
    assert [(one.communicate()[0], one.returncode) for one in both] == [(b"", 0)] * 2
    assert not left.exists()


def test_commands_that_start_at_once_in_a_new_clone_make_its_folders_together(
    tmp_path: Path,
) -> None:
    for clone in range(10):
        state = tmp_path / str(clone)
        command = [sys.executable, "-I", "-S", PROGRAM, state]
        them = [subprocess.Popen([*command, state / f"tmp/{pid}"]) for pid in range(1, 9)]
        assert {one.wait() for one in them} == {0}
