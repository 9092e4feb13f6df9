from proof.deployment import Deployment
from proof.steps import incident


def test_an_identity_that_resists_is_stopped_at_once_and_given_back(
    deployment: Deployment,
) -> None:
    incident.an_identity_is_stopped_at_once(deployment)
