"""Runs last: what comes after a grant was given back, and after everything was destroyed."""

from proof.deployment import Deployment
from proof.steps import pipeline, teardown


def test_the_dag_succeeds_once_the_grant_is_given_back(deployment: Deployment) -> None:
    pipeline.report_is_made(deployment)


def test_destroying_leaves_what_others_own_and_logs_that_are_retained(
    deployment: Deployment,
) -> None:
    teardown.everything_is_destroyed(deployment)
