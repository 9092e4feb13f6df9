import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from airflow_rds_iam.declaration.model import Declaration
from review.checks import Check, as_json
from review.declared import Declared, DeclaredGrant, declared
from review.matrix.__main__ import main
from review.matrix.build import matrix
from review.matrix.model import Matrix
from review.templates.access import Access
from review.templates.assembly import of_templates, read
from tests.declarations import declarations
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
ADMINISTRATOR = "administrator"


def declared_in(content: dict[str, Any]) -> Declared:
    return declared(Declaration.model_validate(content), environment="dev")


def of(templates: Templates, checks: dict[str, Check] | None = None) -> Matrix:
    given = declared_in(dev())
    return matrix(Access(of_templates(templates), given.arns_by_role), given, checks)


def grants_of(found: Matrix) -> set[DeclaredGrant]:
    """What the templates grant, less the administration of a server."""
    return {
        DeclaredGrant(
            identity=row.identity,
            server=row.server,
            database=row.database,
            level=row.level,
            user=row.user,
        )
        for row in found.rows
        if row.iam == "allowed" and row.user != ADMINISTRATOR
    }


def test_every_grant_is_a_row_with_its_evidence(dev_assembly: Path) -> None:
    given = declared_in(dev())
    found = matrix(Access(read(dev_assembly), given.arns_by_role), given)
    assert found.disagreements == []
    [row] = [row for row in found.rows if (row.identity, row.database) == ("airflow", "reports")]
    assert (row.server, row.level, row.user) == ("dev-warehouse", "write", "airflow_reports_write")
    assert (row.declared, row.iam, row.in_database) == ("write", "allowed", "not asked")
    assert row.connections == ["warehouse_reports"]
    assert [one.stack for one in row.evidence] == ["dev-access", "dev-access"]
    assert "statement 1" in str(row.evidence[0])
    assert ["its security group" in way for way in row.network] == [True]
    assert any("airflow.amazonaws.com, where aws:SourceAccount" in one for one in row.trust)


def test_the_functions_alone_administer_a_server(dev_templates: Templates) -> None:
    rows = [row for row in of(dev_templates).rows if row.user == ADMINISTRATOR]
    assert [(row.identity.split()[0], row.level) for row in rows] == 2 * [
        ("function", "administer")
    ]
    assert rows[0].disagreements == []


@given(declarations(of_every_kind=True))
def test_the_templates_grant_what_is_declared_and_no_more(
    synthesized: Callable[[dict[str, Any]], Path], content: dict[str, Any]
) -> None:
    given = declared_in(content)
    found = matrix(Access(read(synthesized(content)), given.arns_by_role), given)
    assert grants_of(found) == {replace(one, kind="") for one in given.grants}
    assert found.disagreements == []


def policy_of(templates: Templates, user: str) -> dict[str, Any]:
    """The statement that lets somebody log in as ``user``."""
    [statement] = [
        statement
        for template in templates.values()
        for one in template["Resources"].values()
        for statement in one.get("Properties", {}).get("PolicyDocument", {}).get("Statement", [])
        if statement.get("Action") == "rds-db:connect" and f"/{user}'" in str(statement["Resource"])
    ]
    return statement


def test_a_grant_that_no_policy_gives_is_marked(dev_templates: Templates) -> None:
    policy_of(dev_templates, "airflow_orders_read")["Action"] = "rds-db:none"
    assert of(dev_templates).disagreements == [
        "airflow: is declared to read orders, and no policy lets it"
    ]


def test_a_grant_that_a_statement_denies_is_marked_with_the_statement(
    dev_templates: Templates,
) -> None:
    statement = policy_of(dev_templates, "airflow_orders_read")
    denied = {**statement, "Sid": "Stop", "Effect": "Deny", "Resource": "*"}
    for one in dev_templates["dev-access"]["Resources"].values():
        if statement in one.get("Properties", {}).get("PolicyDocument", {}).get("Statement", []):
            one["Properties"]["PolicyDocument"]["Statement"].append(denied)
    found = of(dev_templates)
    assert "airflow: is declared to read orders, and a statement denies it" in found.disagreements
    [row] = [row for row in found.rows if row.user == "airflow_orders_read"]
    assert any("statement Stop" in str(one) for one in row.evidence)


def test_a_user_made_with_another_level_is_marked(dev_templates: Templates) -> None:
    for one in dev_templates["dev-access"]["Resources"].values():
        for database in one["Properties"].get("Databases", []):
            if database["Name"] == "orders":
                database["Own"] += database.pop("Read")
                database["Read"] = []
    assert of(dev_templates).disagreements == [
        "airflow: is declared to read orders, but its user may own"
    ]


def test_a_user_that_nobody_may_log_in_as_is_marked(dev_templates: Templates) -> None:
    for one in dev_templates["dev-access"]["Resources"].values():
        for database in one["Properties"].get("Databases", []):
            if database["Name"] == "orders":
                database["Read"].append("ghost_orders_read")
    [found] = of(dev_templates).disagreements
    assert found == "nobody: ghost_orders_read is made, and no policy lets anybody log in as it"


def test_a_connection_that_airflow_may_not_read_is_marked(dev_templates: Templates) -> None:
    for one in dev_templates["dev-access"]["Resources"].values():
        for statement in one["Properties"].get("PolicyDocument", {}).get("Statement", []):
            if statement["Action"] == "secretsmanager:GetSecretValue":
                statement["Resource"] = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"
    assert of(dev_templates).disagreements == [
        "airflow: may not read its connection warehouse_orders",
        "airflow: may not read its connection warehouse_reports",
    ]


def test_a_port_that_is_not_open_to_airflow_is_marked(dev_templates: Templates) -> None:
    resources = dev_templates["dev-database-warehouse"]["Resources"]
    for name in [name for name in resources if "Ingress" in resources[name]["Type"]]:
        del resources[name]
    assert "airflow: no rule lets it reach dev-warehouse" in of(dev_templates).disagreements


REVOKE = 'REVOKE "orders_reader" FROM "airflow_orders_read"'


@pytest.mark.parametrize(
    ("checks", "expected"),
    [({}, "not asked"), ({"dev-warehouse": Check(statements=0)}, "read"),
     ({"dev-warehouse": Check(statements=2, lines=["GRANT", REVOKE])},
      "differs: 2 statements outstanding"),
     ({"dev-warehouse": Check(statements=0, unread=1)}, "not known: 1 databases could not")],
)  # fmt: skip
def test_the_column_of_the_database_is_what_its_check_found(
    dev_templates: Templates, checks: dict[str, Check], expected: str
) -> None:
    found = of(dev_templates, checks)
    [row] = [row for row in found.rows if row.user == "airflow_orders_read"]
    assert row.in_database.startswith(expected)
    assert bool(row.disagreements) == expected.startswith(("differs", "not known"))
    assert any(REVOKE in str(one) for one in row.evidence) == expected.startswith("differs")


def section(page: str, name: str) -> str:
    """What stands under a heading of the page."""
    return page.partition(f'<section id="{name}">')[2].partition("</section>")[0]


def test_the_command_tells_what_the_servers_said(
    dev_assembly: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly = tmp_path / "assembly"
    shutil.copytree(dev_assembly, assembly)
    said = tmp_path / "said.json"
    said.write_text(as_json({"dev-warehouse": Check(statements=1, lines=[REVOKE])}))
    asking = [str(assembly), "--checks", str(said), "--exit-code"]
    assert main(asking) == 3
    assert "airflow: the server is not as the templates have it" in capsys.readouterr().out
    rows = json.loads((assembly / "review/matrix.json").read_text())["rows"]
    assert {row["in_database"] for row in rows} == {"differs: 1 statement outstanding"}
    page = (assembly / "review/index.html").read_text()
    before = (dev_assembly / "review/index.html").read_text()
    assert "Each database has said itself" in page
    assert "make matrix ENVIRONMENT=dev" in before
    assert (
        page.count(">differs: 1 statement outstanding<") == before.count(">not asked<") == len(rows)
    )
    # What the synthesis found is still there.
    assert section(page, "nag") == section(before, "nag")
    said.write_text(as_json({"dev-warehouse": Check(statements=0)}))
    assert main(asking) == 0
    said.write_text("[]")
    assert main(asking) == 1
    assert "is not what the checks of the servers said" in capsys.readouterr().err
