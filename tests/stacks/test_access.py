import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.model import Declaration
from stacks import add_environment
from tests.declared import REMOVED, dev, written
from tests.templates import Content, of_type, properties, text, the

DATABASES = "instances.warehouse.databases"
ANALYST = {"role_arn": "arn:aws:iam::111122223333:role/people/analyst"}

Templates = Mapping[str, str]
Synthesize = Callable[[dict[str, object]], Templates]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    folder = tmp_path_factory.mktemp("environments")

    def templates(changes: dict[str, object]) -> Templates:
        app = new_app()
        declaration: Declaration = load(written(dev(changes), folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        outdir = Path(app.synth().directory)
        return {
            file.name.removesuffix(".template.json"): file.read_text()
            for file in outdir.glob("*.template.json")
        }

    return templates


@pytest.fixture(scope="module")
def before(synthesize: Synthesize) -> Templates:
    return synthesize({})


@pytest.fixture(scope="module")
def access(before: Templates) -> Content:
    return json.loads(before["dev-access"])


@pytest.mark.parametrize(
    "changes",
    [
        {f"{DATABASES}.payroll.read": ["airflow"]},
        {f"{DATABASES}.orders.read": REMOVED},
        {f"{DATABASES}.orders.read": REMOVED, f"{DATABASES}.orders.write": ["airflow"]},
        {f"{DATABASES}.orders.read": REMOVED, f"{DATABASES}.reports.write": REMOVED},
        {f"{DATABASES}.invoices": {"own": ["shop"], "write": ["airflow"]}},
        {f"{DATABASES}.payroll": REMOVED},
        {"airflow.authorities": "/etc/ssl/rds/global-bundle.pem"},
        {"identities.analyst": ANALYST, f"{DATABASES}.payroll.read": ["analyst"]},
        {f"{DATABASES}.orders.adopt": True, f"{DATABASES}.orders.old_owners": ["legacy"]},
        {"drift_check.schedule": "rate(1 hour)"},
        {"instances.warehouse.resource_id": "db-RESTORED"},
    ],
    ids=[
        "grant added",
        "grant removed",
        "level changed",
        "all of Airflow's removed",
        "database added",
        "database removed",
        "authorities elsewhere",
        "identity added",
        "database adopted",
        "drift check more often",
        "instance restored",
    ],
)
def test_a_change_of_access_changes_this_stack_alone(
    changes: dict[str, object], synthesize: Synthesize, before: Templates
) -> None:
    after = synthesize(changes)
    assert after.keys() == before.keys()
    assert {name for name in before if after[name] != before[name]} == {"dev-access"}


def test_no_change_is_no_change(synthesize: Synthesize, before: Templates) -> None:
    assert synthesize({}) == before


def resource_id(template: Content) -> str:
    """How the template names the instance's resource id, which is in another stack."""
    value = the(template, "Custom::DatabaseUsers")["Properties"]["InstanceResourceId"]
    assert "DbiResourceId" in text(value)
    return text(value)


def connect_policies(template: Content) -> dict[str, tuple[list[str], list[str]]]:
    """Role and users by the database and identity that the policy's id names."""
    prefix = f"arn:aws:rds-db:eu-central-1:111122223333:dbuser:{resource_id(template)}/"
    found: dict[str, tuple[list[str], list[str]]] = {}
    for policy in properties(template, "AWS::IAM::ManagedPolicy"):
        [connect] = [
            statement
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Action"] == "rds-db:connect"
        ]
        arn = text(connect["Resource"])
        assert arn.startswith(prefix)
        assert connect["Effect"] == "Allow"
        found[policy["Description"]] = ([*map(text, policy["Roles"])], [arn.removeprefix(prefix)])
    return found


def test_each_identity_has_one_policy_for_each_of_its_databases(access: Content) -> None:
    airflow = text(access["Outputs"]["AirflowExecutionRole"]["Value"])
    assert connect_policies(access) == {
        f"{identity} may {level} {database} on dev-warehouse as {user}": ([role], [user])
        for identity, role, level, database, user in (
            ("airflow", airflow, "read", "orders", "airflow_orders_read"),
            ("airflow", airflow, "write", "reports", "airflow_reports_write"),
            ("shop", "shop", "own", "orders", "shop_orders_own"),
            ("shop", "shop", "own", "reports", "shop_reports_own"),
            ("shop", "shop", "own", "payroll", "shop_payroll_own"),
        )
    }


def test_no_policy_of_an_identity_has_a_wildcard(access: Content) -> None:
    policies = properties(access, "AWS::IAM::ManagedPolicy")
    assert policies
    for policy in policies:
        assert "*" not in json.dumps(policy["PolicyDocument"])
        assert "?" not in json.dumps(policy["PolicyDocument"])


def test_no_policy_of_an_identity_allows_anything_but_its_login_and_its_connection(
    access: Content,
) -> None:
    actions = {
        statement["Action"]
        for policy in properties(access, "AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
    }
    assert actions == {"rds-db:connect", "secretsmanager:GetSecretValue"}


def test_only_airflow_may_read_a_connection_and_each_policy_names_one(access: Content) -> None:
    secrets = {
        name: one["Properties"]["Name"]
        for name, one in of_type(access, "AWS::SecretsManager::Secret").items()
    }
    readable = {
        policy["Description"].partition(" on ")[0]: secrets[statement["Resource"]["Ref"]]
        for policy in properties(access, "AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "secretsmanager:GetSecretValue"
    }
    assert readable == {
        "airflow may read orders": "airflow/dev/connections/warehouse_orders",
        "airflow may write reports": "airflow/dev/connections/warehouse_reports",
    }


def test_airflow_has_a_connection_for_each_of_its_grants_and_no_other(access: Content) -> None:
    logins = {
        one["Name"]: text(one["SecretString"])
        for one in properties(access, "AWS::SecretsManager::Secret")
    }
    assert set(logins) == {
        "airflow/dev/connections/warehouse_orders",
        "airflow/dev/connections/warehouse_reports",
    }
    assert "airflow_orders_read" in logins["airflow/dev/connections/warehouse_orders"]
    assert "airflow_reports_write" in logins["airflow/dev/connections/warehouse_reports"]


def test_a_connection_is_there_only_once_its_user_is(access: Content) -> None:
    [users] = of_type(access, "Custom::DatabaseUsers")
    for secret in of_type(access, "AWS::SecretsManager::Secret").values():
        assert users in secret["DependsOn"]


def test_a_database_that_airflow_may_not_enter_is_not_known_to_it(access: Content) -> None:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"):
        for one in properties(access, kind):
            assert not ("airflow" in json.dumps(one) and "payroll" in json.dumps(one))


def test_a_role_of_an_identity_is_attached_to_and_not_made(access: Content) -> None:
    services = {
        statement["Principal"]["Service"]
        for role in properties(access, "AWS::IAM::Role")
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
    }
    assert services <= {"lambda.amazonaws.com", "scheduler.amazonaws.com"}


def test_a_role_with_a_path_is_attached_to_by_its_name(synthesize: Synthesize) -> None:
    changes: dict[str, object] = {
        "identities.analyst": ANALYST,
        f"{DATABASES}.payroll.read": ["analyst"],
    }
    template = json.loads(synthesize(changes)["dev-access"])
    roles, users = connect_policies(template)[
        "analyst may read payroll on dev-warehouse as analyst_payroll_read"
    ]
    assert (roles, users) == (["analyst"], ["analyst_payroll_read"])


def test_databases_of_two_instances_are_kept_apart(synthesize: Synthesize) -> None:
    lake: dict[str, Any] = {"databases": {"orders": {"own": ["shop"], "read": ["airflow"]}}}
    templates = synthesize({"instances.lake": lake})
    assert {"dev-database-lake", "dev-database-warehouse"} <= templates.keys()
    template = json.loads(templates["dev-access"])
    assert len(of_type(template, "Custom::DatabaseUsers")) == 2
    resources = {
        policy["Description"]: text(policy["PolicyDocument"]["Statement"][0]["Resource"])
        for policy in properties(template, "AWS::IAM::ManagedPolicy")
        if policy["Description"].startswith("shop may own orders ")
    }
    assert len(resources) == len(set(resources.values())) == 2
    for description, resource in resources.items():
        assert ("dev-database-lake" in resource) == ("dev-lake" in description)
