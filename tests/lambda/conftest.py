import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import Phase, settings

from tests.database_server import VERSIONS, Postgres, running

# No shrinking: each example costs a database or two.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("quick", max_examples=4, deadline=None, derandomize=True, phases=PHASES)
settings.register_profile("full", max_examples=200, deadline=None, phases=PHASES)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, Postgres]]:
    with ExitStack() as stack:
        yield {version: stack.enter_context(running(version)) for version in VERSIONS}


@pytest.fixture(params=VERSIONS, ids="postgresql{}".format)
def server(request: pytest.FixtureRequest, servers: dict[int, Postgres]) -> Postgres:
    server = servers[request.param]
    server.reset()
    return server


@pytest.fixture
def newest(servers: dict[int, Postgres]) -> Postgres:
    server = servers[max(VERSIONS)]
    server.reset()
    return server
