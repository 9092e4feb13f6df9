from pathlib import Path

import pytest

from airflow_rds_iam.declaration.document import DeclarationError
from airflow_rds_iam.declaration.environments import declaration_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("prod", "dev"):
        (tmp_path / f"{name}.yaml").touch()
    return tmp_path


def test_a_name_is_that_of_a_file_in_the_folder(folder: Path) -> None:
    assert declaration_file("prod", folder=folder) == folder / "prod.yaml"


def test_a_path_is_that_of_any_file(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "dev.yaml").touch()
    assert declaration_file(f"{copy}/dev.yaml", folder=folder) == copy / "dev.yaml"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (None, "no environment is named: `cdk … -c environment=dev`, `make … ENVIRONMENT=dev`"),
        ("", "no environment is named"),
        ({"name": "dev"}, "no environment is named"),
        ("prd", "prd.yaml: no such file"),
        ("prod.yaml", "prod.yaml: no such file"),
        ("prod.yml", "prod.yml: no such file"),
        ("elsewhere/prod", "elsewhere/prod: no such file"),
        ("..", "...yaml: no such file"),
    ],
)
def test_an_environment_that_is_not_there_is_told_with_those_that_are(
    environment: object, says: str, folder: Path
) -> None:
    with pytest.raises(DeclarationError) as caught:
        declaration_file(environment, folder=folder)
    assert says in str(caught.value)
    assert f"; environments in {folder}: dev, prod" in str(caught.value)


@pytest.mark.parametrize("environment", ["prod.yaml", "copy/prod"])
def test_a_path_for_a_name_is_told_to_be_one(environment: str, folder: Path) -> None:
    with pytest.raises(DeclarationError, match="; the path of a file, or a name without"):
        declaration_file(environment, folder=folder)
