from proof.deployment import Deployment
from proof.steps import review


def test_declaration_iam_and_databases_agree_and_what_is_granted_by_hand_is_marked(
    deployment: Deployment,
) -> None:
    review.declaration_iam_and_databases_agree(deployment)
