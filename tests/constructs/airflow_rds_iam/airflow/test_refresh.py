"""The images' table is taken anew from a checkout of their repository, and what changes is said."""

import re
import tomllib
from pathlib import Path

import pytest

from airflow_rds_iam.airflow.images import HERE, IMAGES, constraints
from airflow_rds_iam.airflow.refresh import NoImagesError, images, main, refresh

ROOT = Path(__file__).parents[4]
GENERATED = re.compile(r"\((\d{4}-\d\d-\d\d)\)\.")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository as it would be if it had what is held."""
    for version, image in IMAGES.items():
        text = constraints(version).read_text()
        generated = GENERATED.search(text)
        assert generated
        folder = tmp_path / "images/airflow" / version
        (folder / "etc").mkdir(parents=True)
        (folder / "Dockerfile.base.j2").write_text(f"FROM x\nENV PYTHON_VERSION={image.python}\n")
        pins = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        head = f"# was automatically generated on {generated[1]}T08:36:03\n#\n"
        (folder / "etc/airflow_constraints.txt").write_text(f"{head}{pins}\n")
    (tmp_path / "images/airflow/2.9.2").mkdir()  # laid out otherwise
    return tmp_path


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "held/constraints").mkdir(parents=True)
    return tmp_path / "held"


def said(checkout: Path, here: Path, *take: str) -> dict[str, str]:
    lines = [*refresh(checkout, commit="9d2bebb", day="2026-08-20", take=take, here=here)]
    return dict(line.split(": ", 1) for line in lines)


def changed(checkout: Path, version: str, old: str, new: str) -> None:
    file = checkout / "images/airflow" / version / "etc/airflow_constraints.txt"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_is_as_it_was_is_said_and_the_table_is_the_one_that_is_held(
    checkout: Path, here: Path
) -> None:
    assert said(checkout, here) == dict.fromkeys(IMAGES, "as it was")
    assert (here / "images.toml").read_text() == (HERE / "images.toml").read_text()
    assert [*(here / "constraints").iterdir()] == []


@pytest.mark.parametrize("version", IMAGES)
def test_what_would_be_written_of_an_image_is_what_is_held(checkout: Path, version: str) -> None:
    [found] = [one for one in images(checkout) if one.version == version]
    assert found.constraints("9d2bebb", "2026-08-20") == constraints(version).read_text()


def test_what_a_connection_stands_on_is_told_and_the_rest_is_counted(
    checkout: Path, here: Path
) -> None:
    changed(checkout, "3.3.1", "postgres==7.0.1", "postgres==7.1.0")
    changed(checkout, "3.3.1", "a2wsgi==1.10.10", "a2wsgi==1.10.11")
    changed(checkout, "3.3.1", "\npsycopg==3.3.4", "")
    docker = checkout / "images/airflow/3.3.1/Dockerfile.base.j2"
    docker.write_text("ENV PYTHON_VERSION=3.13.1\n")
    assert said(checkout, here)["3.3.1"] == (
        "python 3.12.13 → 3.13.1, apache-airflow-providers-postgres 7.0.1 → 7.1.0, "
        "psycopg 3.3.4 → none, 1 other package"
    )
    written = (here / "constraints/3.3.1.txt").read_text()
    assert "apache-airflow-providers-postgres==7.1.0" in written
    assert "(Python 3.13.1)" in written
    table = tomllib.loads((here / "images.toml").read_text())
    assert (table["3.3.1"]["python"], table["3.2.1"]["python"]) == ("3.13.1", "3.12.13")


def test_a_new_image_is_told_and_taken_only_when_it_is_named(checkout: Path, here: Path) -> None:
    folder = checkout / "images/airflow"
    (folder / "3.3.1").rename(folder / "3.10.0")
    with pytest.raises(NoImagesError, match=r"has no image of 3\.3\.1"):
        said(checkout, here)
    (folder / "3.3.1/etc").mkdir(parents=True)
    for file in ("Dockerfile.base.j2", "etc/airflow_constraints.txt"):
        (folder / "3.3.1" / file).write_bytes((folder / "3.10.0" / file).read_bytes())
    found = said(checkout, here)
    assert found["3.10.0"].startswith("new, with python 3.12.13, apache-airflow-providers-postgres")
    assert "take it with VERSION=3.10.0, and add it to declaration/airflow.py" in found["3.10.0"]
    assert "3.10.0" not in (here / "images.toml").read_text()
    assert said(checkout, here, "3.10.0")["3.10.0"] == "is taken"
    assert [*tomllib.loads((here / "images.toml").read_text())][2] == "3.10.0"
    assert "Airflow 3.10.0 (" in (here / "constraints/3.10.0.txt").read_text()


def test_a_folder_that_is_no_such_checkout_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The folder may lie in this project's own checkout.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main([str(tmp_path)]) == 1
    assert "is no clone of the repository: fatal: not a git repository" in capsys.readouterr().err
    assert main([str(ROOT / "dags")]) == 1
    assert "has no images/airflow: must be a checkout" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["Dockerfile.base.j2", "etc/airflow_constraints.txt"])
@pytest.mark.parametrize("how", ["gone", "empty"])
def test_an_image_without_what_is_taken_from_it_is_named(
    checkout: Path, here: Path, missing: str, how: str
) -> None:
    file = checkout / "images/airflow/3.2.1" / missing
    file.unlink() if how == "gone" else file.write_text("")
    with pytest.raises(NoImagesError, match=r"3\.2\.1"):
        said(checkout, here)
    assert not (here / "images.toml").exists()
