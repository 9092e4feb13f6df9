from proof.deployment import Deployment
from proof.steps import alarms, drift


def test_what_is_granted_by_hand_is_noticed(deployment: Deployment) -> None:
    drift.drift_is_noticed(deployment)


def test_what_an_application_made_since_is_opened_by_a_repair_alone(
    deployment: Deployment,
) -> None:
    drift.drift_is_repaired(deployment)


def test_a_check_that_differs_is_blind_or_missing_raises_an_alarm(deployment: Deployment) -> None:
    alarms.each_alarm_is_raised(deployment)
