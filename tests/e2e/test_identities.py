"""Somebody of each kind that can be played here, by real logins through the deployed policies."""

from collections.abc import Generator

import pytest

from proof.deployment import Deployment
from proof.kinds import IDENTITIES
from proof.steps import access_matrix, identities
from proof.steps.access_matrix import AccessMatrix


@pytest.fixture(scope="module")
def wider(deployment: Deployment) -> Generator[Deployment]:
    try:
        yield identities.added(deployment)
    finally:
        deployment.make("deploy")


@pytest.fixture(scope="module")
def matrix(wider: Deployment) -> AccessMatrix:
    return access_matrix.tried(wider)


def test_each_kind_of_identity_logs_in_as_declared_and_as_nobody_else(
    wider: Deployment, matrix: AccessMatrix
) -> None:
    access_matrix.is_as_declared(wider, matrix)
    assert {*IDENTITIES} <= {identity for identity, _, _ in matrix.users}


def test_tasks_log_in_by_a_role_of_their_own(wider: Deployment) -> None:
    identities.tasks_log_in_by_a_role_of_their_own(wider)


def test_nobody_else_takes_their_roles(wider: Deployment) -> None:
    identities.nobody_else_takes_their_roles(wider)


def test_nobody_else_logs_in_as_them(wider: Deployment) -> None:
    identities.nobody_else_logs_in_as_them(wider)
