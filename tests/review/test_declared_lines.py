from pathlib import Path

import pytest
import yaml

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.declared_lines import DeclaredLines
from review.templates.assembly import Assembly, read
from tests.declared import ENVIRONMENTS

TEXT = (ENVIRONMENTS / "dev.yaml").read_text()
DEV = declared(Declaration.model_validate(yaml.safe_load(TEXT)), environment="dev")
LINES = DeclaredLines(TEXT, DEV)


@pytest.fixture(scope="module")
def assembly(cdk_out: object) -> Assembly:
    assert callable(cdk_out)
    return read(Path(str(cdk_out("dev"))))


def line(number: int) -> str:
    return TEXT.splitlines()[number - 1].strip()


def test_a_grant_stands_where_the_identity_is_named() -> None:
    [grant] = [one for one in DEV.grants if one.user == "airflow_reports_write"]
    assert line(LINES.of_grant(grant)) == "write: [airflow]"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("dev-database-warehouse/Postgres/Instance", "warehouse:"),
        ("dev-database-warehouse/Postgres/Key/Resource", "warehouse:"),
        ("dev-network/Network/Vpc/Resource", "network:"),
        ("dev-airflow/Airflow/Environment", "airflow:"),
        ("dev-access/Users-warehouse/Resource/Default", "warehouse:"),
        ("dev-access/Connection-warehouse-reports/Secret", "write: [airflow]"),
    ],
)
def test_a_resource_stands_where_it_is_declared(assembly: Assembly, path: str, says: str) -> None:
    [resource] = [one for one in assembly.resources if one.path == path]
    assert line(LINES.of(resource)) == says


def test_the_policy_of_a_grant_stands_where_it_is_granted(assembly: Assembly) -> None:
    [policy] = [
        one
        for one in assembly.of_type("AWS::IAM::ManagedPolicy")
        if "/shop_payroll_own" in str(one.properties)
    ]
    assert line(LINES.of(policy)) == "own: [shop]"


def test_what_is_not_known_stands_in_the_first_line() -> None:
    assert LINES.of(None) == 1
