from local import drift
from local.deployment import Deployment


def test_what_is_granted_by_hand_raises_the_alarm(deployment: Deployment) -> None:
    drift.drift_is_noticed(deployment)
