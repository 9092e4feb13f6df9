from collections.abc import Generator

import pytest

from proof.deployment import Deployment
from proof.steps import revocation
from proof.steps.revocation import Revocation


@pytest.fixture(scope="module")
def revoked(deployment: Deployment) -> Generator[Revocation]:
    with revocation.revoked(deployment) as revoked:
        yield revoked


def test_a_session_that_was_open_is_ended_and_none_can_be_opened(revoked: Revocation) -> None:
    revocation.the_open_session_is_gone(revoked)


def test_the_dag_fails_and_names_the_connection(revoked: Revocation) -> None:
    revocation.the_dag_fails_for_a_reason(revoked)
