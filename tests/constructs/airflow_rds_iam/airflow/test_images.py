from typing import get_args

import pytest

from airflow_rds_iam.airflow.images import IMAGES, constraints
from airflow_rds_iam.declaration.airflow import Airflow


def test_each_version_that_may_be_declared_has_its_image() -> None:
    assert IMAGES.keys() == {*get_args(Airflow.model_fields["version"].annotation)}


@pytest.mark.parametrize(
    ("version", "postgres", "amazon", "sqlalchemy", "driver", "signs"),
    [
        ("3.3.1", "7.0.1", "9.34.0", "2.0.51", "psycopg", True),
        ("3.2.1", "6.6.3", "9.25.0", "2.0.49", "psycopg2", True),
        ("3.0.6", "6.2.3", "9.12.0", "1.4.54", "psycopg2", False),
        ("2.11.2", "6.6.0", "9.22.0", "1.4.54", "psycopg2", True),
    ],
)
def test_an_image_has_the_versions_of_its_constraints(
    version: str, postgres: str, amazon: str, sqlalchemy: str, driver: str, signs: bool
) -> None:
    image = IMAGES[version]
    assert (image.postgres, image.amazon, image.sqlalchemy) == (postgres, amazon, sqlalchemy)
    assert image.driver == driver
    assert image.engines_sign is signs
    assert len(image.constraints) > 500


def test_constraints_say_where_they_are_from() -> None:
    for version, found in IMAGES.items():
        head = constraints(version).read_text().partition("==")[0]
        assert f"Airflow {version} (Python {found.python})" in head
        assert "amazon-mwaa-docker-images" in head
