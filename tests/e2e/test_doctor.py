from proof.deployment import Deployment
from proof.steps import doctor


def test_what_is_granted_to_airflow_is_called_healthy(deployment: Deployment) -> None:
    doctor.each_connection_is_healthy(deployment)


def test_each_fault_of_a_connection_is_called_by_its_name(deployment: Deployment) -> None:
    doctor.faults_of_a_connection_are_named(deployment)


def test_each_fault_of_a_server_and_its_user_is_called_by_its_name(deployment: Deployment) -> None:
    doctor.faults_of_a_server_are_named(deployment)
