from proof.deployment import Deployment
from proof.steps import level


def test_a_change_of_airflows_level_leaves_no_gap(deployment: Deployment) -> None:
    level.a_change_of_level_leaves_no_gap(deployment)
