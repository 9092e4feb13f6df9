"""How often the CDK is called for a database more: each call goes to another process and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsii
import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from stacks import add_environment
from tests.declared import dev, written

pytestmark = pytest.mark.slow

CALLS = ("create", "get", "set", "sget", "sset", "invoke", "sinvoke")


@pytest.fixture
def calls(
    new_app: Callable[[], App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], int]:
    made: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        call = getattr(jsii, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            made.append(name)
            return call(*args, **kwargs)

        return counting

    def of(databases: int) -> int:
        declaration = load(
            written(
                dev({
                    "airflow.policies": "packed",
                    "instances.warehouse.databases": {
                        f"sales_{number:02}": {"read": ["airflow"]} for number in range(databases)
                    },
                }),
                tmp_path / "dev.yaml",
            )
        )  # fmt: skip
        app, env = new_app(), Environment(account=declaration.account, region=declaration.region)
        made.clear()
        add_environment(app, name="dev", declaration=declaration, env=env)
        return len(made)

    for name in CALLS:
        monkeypatch.setattr(jsii, name, counted(name))
    return of


def test_a_database_of_airflows_takes_six_calls(calls: Callable[[int], int]) -> None:
    # Its connection, the secret in it, what is acknowledged of that, and what it comes after.
    assert calls(20) - calls(10) == 10 * 6
