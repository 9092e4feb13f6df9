from typing import get_args

from airflow_rds_iam.airflow.images import IMAGES
from airflow_rds_iam.declaration.model import Airflow
from tests.test_requirements import REQUIREMENTS, versions


def test_each_version_that_may_be_declared_has_its_image() -> None:
    assert IMAGES.keys() == {*get_args(Airflow.model_fields["version"].annotation)}


def test_the_newest_is_what_the_local_airflow_is_held_to() -> None:
    held, image = versions(REQUIREMENTS / "mwaa-3.3.1.txt"), IMAGES["3.3.1"]
    assert (image.postgres, image.amazon, image.sqlalchemy) == tuple(
        held[name]
        for name in (
            "apache-airflow-providers-postgres",
            "apache-airflow-providers-amazon",
            "sqlalchemy",
        )
    )
