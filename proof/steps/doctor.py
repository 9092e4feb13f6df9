"""Whether the doctor finds nothing wrong with what works."""

from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.progress import UnprovenError
from proof.steps.pipeline import LOGICAL_DATE


def each_connection_is_healthy(deployment: Deployment) -> str:
    """The DAG finds nothing wrong with what Airflow was granted."""
    ids = [grant.connection_id for grant in deployment.declared.grants if grant.identity == AIRFLOW]
    run = deployment.worker.run(
        "connection_doctor", logical_date=LOGICAL_DATE, conf={"connection_ids": ids}
    )
    if run.state != "success":
        raise UnprovenError("; ".join(run.errors))
    return ", ".join(ids)
