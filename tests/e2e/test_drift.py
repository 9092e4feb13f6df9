from local import drift
from local.deployment import Deployment


def test_what_is_granted_by_hand_raises_the_alarm(deployment: Deployment) -> None:
    drift.drift_is_noticed(deployment)


def test_what_an_application_made_since_is_opened_by_a_repair_alone(
    deployment: Deployment,
) -> None:
    drift.drift_is_repaired(deployment)
