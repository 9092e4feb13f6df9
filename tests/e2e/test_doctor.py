from proof.deployment import Deployment
from proof.steps import doctor


def test_what_is_granted_to_airflow_is_called_healthy(deployment: Deployment) -> None:
    doctor.each_connection_is_healthy(deployment)
