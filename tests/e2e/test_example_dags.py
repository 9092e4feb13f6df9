"""The DAGs that a team would keep, in Airflow 3.3.1 and in the newest Airflow 2."""

from collections.abc import Callable

import pytest

from proof.airflow import Airflow, Worker
from proof.deployment import Deployment
from proof.steps import example_dags

Proof = Callable[[Deployment, Worker], str]


@pytest.mark.parametrize(
    "proof",
    [
        example_dags.orders_are_copied,
        example_dags.a_file_is_loaded,
        example_dags.old_days_are_removed,
    ],
    ids=lambda proof: proof.__name__,
)
def test_it_makes_the_same_again_and_is_finished_after_a_failure(
    deployment: Deployment, one: Airflow, proof: Proof
) -> None:
    with one.worker() as worker:
        proof(deployment, worker)
