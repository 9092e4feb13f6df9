"""One deployment for every test: what `make demo` shows, each fact by its name."""

from collections.abc import Generator

import pytest

from local import access_matrix, lock
from local.access_matrix import AccessMatrix
from local.deployment import STATE, Deployment, deployed
from local.progress import Progress


@pytest.fixture(scope="session")
def deployment() -> Generator[Deployment]:
    with lock.held(STATE), deployed(Progress()) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def matrix(deployment: Deployment) -> AccessMatrix:
    return access_matrix.tried(deployment)
