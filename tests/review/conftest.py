import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from stacks import add_environment
from tests.application import CdkOut, templates
from tests.declared import written

Templates = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def synthesized(
    new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[dict[str, Any]], Path]:
    """Synthesizes a declaration's content as the environment ``dev``; gives the assembly."""
    folder = tmp_path_factory.mktemp("review")

    def assembly(content: dict[str, Any]) -> Path:
        app = new_app()
        declaration = load(written(content, folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return Path(app.synth().directory)

    return assembly


@pytest.fixture(scope="session")
def dev_assembly(cdk_out: CdkOut) -> Path:
    """The assembly of ``dev.yaml``."""
    return cdk_out("dev")


@pytest.fixture(scope="session")
def dev_templates_as_written(dev_assembly: Path) -> Templates:
    return templates(dev_assembly)


@pytest.fixture(scope="session")
def dev_templates_as_text(dev_templates_as_written: Templates) -> str:
    # Read anew in a quarter of the time of a copy.
    return json.dumps(dev_templates_as_written)


@pytest.fixture
def dev_templates(dev_templates_as_text: str) -> Templates:
    """The templates of ``dev.yaml``, to be changed by the test."""
    return json.loads(dev_templates_as_text)
