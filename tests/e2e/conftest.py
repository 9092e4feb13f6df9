"""One deployment for every test: what `make demo` shows, each fact by its name."""

from collections.abc import Generator

import pytest

from proof import lock
from proof.deployment import STATE, Deployment, deployed
from proof.progress import Progress
from proof.steps import access_matrix
from proof.steps.access_matrix import AccessMatrix


@pytest.fixture(scope="session")
def deployment() -> Generator[Deployment]:
    with lock.held(STATE), deployed(Progress()) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def matrix(deployment: Deployment) -> AccessMatrix:
    return access_matrix.tried(deployment)
