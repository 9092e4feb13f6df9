from proof.airflow import Airflow
from proof.deployment import Deployment
from proof.steps import level


def test_a_change_of_airflows_level_leaves_no_gap_in_either_version(
    deployment: Deployment, airflow_2: Airflow
) -> None:
    with airflow_2.worker() as two:
        level.a_change_of_level_leaves_no_gap(deployment, two)
