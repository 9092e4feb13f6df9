from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.database_server import VERSIONS, Postgres, running


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, Postgres]]:
    with ExitStack() as stack:
        yield {version: stack.enter_context(running(version)) for version in VERSIONS}


@pytest.fixture(params=VERSIONS, ids="postgresql{}".format)
def server(request: pytest.FixtureRequest, servers: dict[int, Postgres]) -> Iterator[Postgres]:
    server = servers[request.param]
    server.reset()
    yield server
