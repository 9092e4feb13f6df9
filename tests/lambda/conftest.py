from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.database_server import VERSIONS, Postgres, running

FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is tried on every version is tried on the newest with each change."""
    older = {*VERSIONS} - {max(VERSIONS)}
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            given = [one for one in item.callspec.params.values() if isinstance(one, int)]
            if item.path.is_relative_to(FOLDER) and older.intersection(given):
                item.add_marker(pytest.mark.slow)


class Servers(dict[int, Postgres]):
    """Servers by their version, each started when it is first asked for."""

    def __init__(self, started: ExitStack) -> None:
        self.started = started

    def __missing__(self, version: int) -> Postgres:
        self[version] = self.started.enter_context(running(version))
        return self[version]


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, Postgres]]:
    with ExitStack() as started:
        yield Servers(started)


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
