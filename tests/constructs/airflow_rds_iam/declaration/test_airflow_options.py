from typing import get_args

import pytest

from airflow_rds_iam.declaration.airflow import Airflow
from airflow_rds_iam.declaration.airflow_options import unknown

VERSIONS = get_args(Airflow.model_fields["version"].annotation)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "option",
    [
        "core.parallelism",
        "core.fernet_key_cmd",
        "scheduler.catchup_by_default",
        "triggerer.default_capacity",
        "celery.worker_autoscale",
        "mine.anything",
        "common.io.xcom_objectstorage_path",
    ],
)
def test_an_option_of_airflows_or_of_a_section_it_does_not_have_is_taken(
    version: str, option: str
) -> None:
    assert unknown(option, version) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("option", ["core.paralelism", "core.nothing", "scheduler.parallelism"])
def test_one_that_its_version_does_not_have_is_refused(version: str, option: str) -> None:
    assert f"{option!r} is none of Airflow {version}" in str(unknown(option, version))


def test_the_nearest_are_told() -> None:
    assert "such as core.parallelism" in str(unknown("core.paralelism", "3.3.1"))


def test_what_one_version_has_another_need_not_have() -> None:
    assert unknown("api.workers", "3.3.1") is None
    assert unknown("api.workers", "2.11.2") is not None


def test_an_older_name_is_taken_while_airflow_takes_it() -> None:
    assert unknown("scheduler.dag_dir_list_interval", "3.3.1") is None
