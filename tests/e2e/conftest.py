"""One deployment for every test: what `make demo` shows, each fact by its name."""

from collections.abc import Generator
from pathlib import Path

import pytest
from xdist.remote import Producer  # pyright: ignore[reportMissingTypeStubs]
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs]

from proof import lock
from proof.airflow import BIN_2, Airflow, initialized
from proof.deployment import STATE, Deployment, deployed
from proof.mwaa import set_up
from proof.progress import Progress
from proof.steps import access_matrix
from proof.steps.access_matrix import AccessMatrix

# Each of these deploys to an account of its own.
APART = {
    "test_airflows.py",
    "test_existing.py",
    "test_hundreds.py",
    "test_new_cluster.py",
    "test_packs.py",
    "test_pipelines.py",
    "test_prod.py",
    "test_touched.py",
}
IN_PARTS = {"test_generated.py"}
"""Each test of these does."""


class Apart(LoadScopeScheduling):
    """What is about the one deployment is one worker's; each file, or part, apart is any's."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).name
        if file in IN_PARTS:
            return nodeid
        return file if file in APART else "deployment"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Apart:
    return Apart(config, log)


@pytest.fixture(scope="session")
def deployment() -> Generator[Deployment]:
    with lock.held(STATE), deployed(Progress()) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def matrix(deployment: Deployment) -> AccessMatrix:
    return access_matrix.tried(deployment)


@pytest.fixture(scope="session")
def airflow_2(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """The newest Airflow 2, set up from what was deployed."""
    home: Path = tmp_path_factory.mktemp("airflow-2")
    log = home / "airflow.log"
    with initialized(home, log=log, programs=BIN_2) as wait:
        wait()
    return set_up(
        deployment.account,
        deployment.airflow_environment,
        home=home,
        log=log,
        programs=BIN_2,
    )


@pytest.fixture(scope="session", params=["3.3.1", "2.11.2"])
def one(request: pytest.FixtureRequest, deployment: Deployment) -> Airflow:
    """Each Airflow, set up from what was deployed."""
    return deployment.airflow if request.param == "3.3.1" else request.getfixturevalue("airflow_2")
