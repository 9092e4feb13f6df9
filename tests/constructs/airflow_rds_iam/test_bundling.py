from pathlib import Path

from airflow_rds_iam.bundling import copy_file, copy_tree


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


def test_a_copy_has_the_same_mode_on_each_machine(tmp_path: Path) -> None:
    for mode in (0o600, 0o777):
        source = tmp_path / "source"
        source.write_text("")
        source.chmod(mode)
        copy_file(source, tmp_path / "target")
        assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644
