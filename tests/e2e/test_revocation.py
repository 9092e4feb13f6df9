from proof.airflow import Airflow
from proof.deployment import Deployment
from proof.steps import pipeline, revocation


def test_a_grant_that_is_taken_away_and_given_back_needs_no_restart_of_either_airflow(
    deployment: Deployment, airflow_2: Airflow
) -> None:
    with airflow_2.worker() as two:
        workers = (deployment.worker, two)
        for worker in workers:
            pipeline.report_is_made(deployment, worker)
        with revocation.revoked(deployment) as revoked:
            revocation.the_open_session_is_gone(revoked)
            for worker in workers:
                revocation.the_dag_fails_for_a_reason(revoked, worker)
        for worker in workers:
            pipeline.report_is_made(deployment, worker)
