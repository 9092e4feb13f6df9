"""A deploy that revokes, and fails in what comes after, is rolled back and gives nothing back."""

from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from proof.deployment import DECLARATION, Deployment
from proof.programs import ProgramError
from proof.shop import IDENTITY

USER, DATABASE = f"{IDENTITY}_payroll_own", "payroll"


def logs_in(deployment: Deployment) -> bool:
    try:
        with deployment.identity(IDENTITY).log_in(USER, DATABASE):
            return True
    except psycopg.OperationalError:
        return False


@pytest.fixture
def without(deployment: Deployment, tmp_path: Path) -> Generator[Path]:
    """A declaration in which Airflow writes what the shop owned, and whose connection fails."""
    declaration = tmp_path / DECLARATION.name
    text = DECLARATION.read_text()
    declaration.write_text(
        text.replace("payroll:\n        own: [shop]", "payroll:\n        write: [airflow]")
    )
    assert declaration.read_text() != text
    secrets = deployment.account.client("secretsmanager")
    name = f"airflow/{DECLARATION.stem}/connections/warehouse_payroll"
    secrets.create_secret(Name=name, SecretString="somebody's")
    yield declaration
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_a_deploy_that_is_rolled_back_gives_no_revoked_access_back(
    deployment: Deployment, without: Path
) -> None:
    assert logs_in(deployment)
    with pytest.raises(ProgramError):
        deployment.make("access", environment=without)
    [stack] = deployment.account.client("cloudformation").describe_stacks(
        StackName=f"{DECLARATION.stem}-access"
    )["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert not logs_in(deployment)
    # Who declares it once more means it.
    deployment.make("access")
    assert logs_in(deployment)
