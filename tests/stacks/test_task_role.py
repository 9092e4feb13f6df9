"""DAGs that are kept apart: a role that they take for one database, by a connection of its own."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.conflicts import conflicts
from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.guardrails.rules import broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import Assembly, of_templates, read
from stacks import add_environment
from tests.declared import dev, written
from tests.templates import Content, of_type, text

DATABASES = "instances.warehouse.databases"
TASK: dict[str, object] = {
    "identities.invoices": {"task_role": True},
    f"{DATABASES}.payroll.read": ["invoices"],
    "alarms": {"topic_arn": "arn:aws:sns:eu-central-1:111122223333:operations"},
}
SERVER = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:"
ROLE = "arn:aws:iam::111122223333:role"
Synthesize = Callable[[dict[str, object]], Path]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    folder = tmp_path_factory.mktemp("environments")

    def assembly(changes: dict[str, object]) -> Path:
        app = new_app()
        declaration = load(written(dev({**TASK, **changes}), folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return Path(app.synth().directory)

    return assembly


@pytest.fixture(scope="module")
def assembly(synthesize: Synthesize) -> Path:
    return synthesize({})


@pytest.fixture(scope="module")
def template(assembly: Path) -> Content:
    return json.loads((assembly / "dev-access.template.json").read_text())


def connections(template: Content) -> dict[str, Any]:
    """The content of each connection, by its id."""
    return {
        one["Properties"]["Name"].rpartition("/")[2]: json.loads(
            "".join(
                part if isinstance(part, str) else text(part).replace('"', "")
                for part in one["Properties"]["SecretString"]["Fn::Join"][1]
            )
        )
        for one in of_type(template, "AWS::SecretsManager::Secret").values()
    }


def logins(template: Content, roles: object) -> set[str]:
    """The users that the policies of a role let in."""
    return {
        text(statement["Resource"]).rpartition("/")[2]
        for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        for policy in of_type(template, kind).values()
        if policy["Properties"].get("Roles") == [roles]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "rds-db:connect"
    }


def test_the_role_alone_logs_in_as_the_user_and_the_execution_role_does_not(
    template: Content,
) -> None:
    [role] = [name for name in of_type(template, "AWS::IAM::Role") if "invoices" in name]
    assert logins(template, {"Ref": role}) == {"invoices_payroll_read"}
    airflow_role = template["Outputs"]["AirflowExecutionRole"]["Value"]
    assert logins(template, airflow_role) == {"airflow_orders_read", "airflow_reports_write"}


def test_its_connection_names_another_that_names_role_and_session(template: Content) -> None:
    found = connections(template)
    to_database, to_aws = (found[f"warehouse_payroll_invoices{ending}"] for ending in ("", "_role"))
    assert to_database["login"] == "invoices_payroll_read"
    assert to_database["extra"]["aws_conn_id"] == "warehouse_payroll_invoices_role"
    assert to_aws["conn_type"] == "aws"
    assert "invoices" in to_aws["extra"]["role_arn"]
    assert to_aws["extra"]["assume_role_kwargs"] == {"RoleSessionName": "airflow-invoices"}
    assert "aws_conn_id" not in found["warehouse_orders"]["extra"]


def test_airflow_looks_both_up(template: Content) -> None:
    [lookup] = [
        statement
        for policy in of_type(template, "AWS::IAM::ManagedPolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "secretsmanager:GetSecretValue"
    ]
    assert {one["Ref"] for one in lookup["Resource"]} == set(
        of_type(template, "AWS::SecretsManager::Secret")
    )


def test_a_changed_level_leaves_no_gap(synthesize: Synthesize, template: Content) -> None:
    changes: dict[str, object] = {
        f"{DATABASES}.payroll.read": [],
        f"{DATABASES}.payroll.write": ["invoices"],
    }
    changed = json.loads((synthesize(changes) / "dev-access.template.json").read_text())
    [policy] = [name for name in of_type(template, "AWS::IAM::ManagedPolicy") if "invoices" in name]
    before, after = (one["Resources"][policy]["Properties"] for one in (template, changed))
    # A new description makes another policy; the old one goes last.
    assert before["Description"] != after["Description"]
    [users], [retired] = (
        of_type(changed, f"Custom::{kind}") for kind in ("DatabaseUsers", "RetiredDatabaseUsers")
    )
    assert policy in changed["Resources"][users]["DependsOn"]
    states = changed["Resources"][users]["Properties"]["Databases"]
    [payroll] = [one for one in states if one["Name"] == "payroll"]
    assert payroll["Retiring"] == ["invoices_payroll_read", "invoices_payroll_own"]
    for name in of_type(changed, "AWS::SecretsManager::Secret"):
        if "Task" in name:
            assert {users, policy} <= set(changed["Resources"][name]["DependsOn"])
            assert name in changed["Resources"][retired]["DependsOn"]


def test_tasks_reach_sts_where_there_is_no_other_way(assembly: Path) -> None:
    network = json.loads((assembly / "dev-network.template.json").read_text())
    services = {
        text(one["Properties"]["ServiceName"]).rpartition(".")[2]
        for one in of_type(network, "AWS::EC2::VPCEndpoint").values()
    }
    assert "sts" in services


def test_who_is_let_in_changes_no_other_stack_but_the_networks_way_to_sts(
    synthesize: Synthesize, assembly: Path
) -> None:
    without = synthesize({"identities.invoices": {"role_arn": f"{ROLE}/invoices"}})
    changed = {
        file.name.removesuffix(".template.json")
        for file in assembly.glob("*.template.json")
        if file.read_text() != (without / file.name).read_text()
    }
    assert changed == {"dev-network", "dev-access"}


def reviewed(assembly: Assembly) -> tuple[Any, list[Any]]:
    given = declared(Declaration.model_validate(dev(TASK)), environment="dev")
    access = Access(assembly, given.arns_by_role)
    found = matrix(access, given)
    return found, list(broken(Subject(access, given, found, date(2026, 11, 26))))


def test_the_review_knows_it_and_breaks_no_rule(assembly: Path) -> None:
    found, wrong = reviewed(read(assembly))
    assert wrong == []
    [row] = [one for one in found.rows if one.user == "invoices_payroll_read"]
    assert (row.identity, str(row.iam), row.disagreements) == ("invoices", "allowed", [])


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        ("arn:aws:iam::111122223333:role/shop", None),
        (None, {}),
        (None, {"StringEquals": {"sts:RoleSessionName": "airflow-others"}}),
    ],
)
def test_a_trust_of_anything_else_fails_the_review(
    assembly: Path, principal: str | None, condition: dict[str, Any] | None
) -> None:
    templates = {one.name: one.template for one in read(assembly).stacks}
    changed = json.loads(json.dumps(templates))
    [role] = [
        one
        for name, one in of_type(changed["dev-access"], "AWS::IAM::Role").items()
        if "invoices" in name
    ]
    [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    if principal:
        statement["Principal"] = {"AWS": principal}
    if condition is not None:
        statement["Condition"] = condition
    _, wrong = reviewed(of_templates(changed))
    assert "trust-is-used" in {one.rule for one in wrong}


def test_of_an_airflow_that_exists_the_role_is_trusted_with_its_path(
    synthesize: Synthesize,
) -> None:
    arn = "arn:aws:iam::111122223333:role/team/airflow"
    existing = {
        "role_arn": arn,
        "security_group": "sg-0123456789abcdef0",
        "connections_prefix": "team/connections",
        "authorities": "/etc/rds.pem",
    }
    out = synthesize({"airflow": {"existing": existing}})
    template = json.loads((out / "dev-access.template.json").read_text())
    [role] = [
        one for name, one in of_type(template, "AWS::IAM::Role").items() if "invoices" in name
    ]
    [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": arn}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({f"{DATABASES}.orders.write": ["invoices"]}, "is a role for one database"),
        (
            {f"{DATABASES}.payroll_invoices": {"read": ["airflow"]}},
            "its connection 'warehouse_payroll_invoices' would be that of another",
        ),
        ({"airflow.version": "3.0.6"}, "Airflow 3.0.6 calls STS by its global name"),
    ],
)
def test_what_it_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    declaration = Declaration.model_validate(dev({**TASK, **changes}))
    found = list(conflicts(declaration, environment="dev"))
    assert [one.path for one in found] == [("identities", "invoices", "task_role")]
    assert says in found[0].message
