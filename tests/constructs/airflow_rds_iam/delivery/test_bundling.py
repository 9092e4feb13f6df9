import os
from pathlib import Path

import pytest

from airflow_rds_iam.delivery.bundling import copy_file, copy_tree


def test_a_tree_is_copied_without_compiled_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("a.py", "b/c.py", "b/__pycache__/c.cpython-313.pyc", "b/.hidden"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    copy_tree(source, tmp_path / "target")
    copied = {
        str(file.relative_to(tmp_path / "target")): file.read_text()
        for file in (tmp_path / "target").rglob("*")
        if file.is_file()
    }
    assert copied == {name: name for name in ("a.py", "b/c.py", "b/.hidden")}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("mode", [0o600, 0o777])
def test_a_copy_has_the_same_mode_on_each_machine(mode: int, umask: int, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("")
    source.chmod(mode)
    previous = os.umask(umask)
    try:
        copy_file(source, tmp_path / "target")
    finally:
        os.umask(previous)
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644
