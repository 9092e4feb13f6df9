import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.model import Declaration
from doctor.inside import output_name
from stacks import add_environment
from tests.create_only import create_only, values_at
from tests.declared import REMOVED, dev, written
from tests.templates import Content, of_type, properties, text, the
from tests.touched import touched

DATABASES = "instances.warehouse.databases"
ANALYST = {"role_arn": "arn:aws:iam::111122223333:role/people/analyst"}

Templates = Mapping[str, str]
Synthesize = Callable[[dict[str, object]], Templates]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    folder = tmp_path_factory.mktemp("environments")

    def templates(changes: dict[str, object]) -> Templates:
        app = new_app()
        # cdk records in each stack what it is made of.
        app.node.set_context("aws:cdk:version-reporting", True)
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


@pytest.mark.first(2)
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
        {"airflow.policies": "packed"},
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
        "Airflow's logins packed",
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


def of_identities(template: Content) -> list[dict[str, Any]]:
    """The policies of identities: neither those of functions nor of schedules."""
    return [
        policy["Properties"]
        for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        for name, policy in of_type(template, kind).items()
        if not name.startswith("Users")
    ]


def connects(template: Content) -> list[tuple[str, list[str]]]:
    """Role and user of each policy that lets somebody log in."""
    prefix = f"arn:aws:rds-db:eu-central-1:111122223333:dbuser:{resource_id(template)}/"
    found: list[tuple[str, list[str]]] = []
    for policy in of_identities(template):
        users = [
            text(statement["Resource"])
            for statement in policy["PolicyDocument"]["Statement"]
            if (statement["Effect"], statement["Action"]) == ("Allow", "rds-db:connect")
        ]
        assert all(arn.startswith(prefix) for arn in users)
        [role] = map(text, policy["Roles"])
        if users:
            found.append((role, [arn.removeprefix(prefix) for arn in users]))
    return sorted(found)


def test_its_output_names_the_function_that_looks_inside_each_instance(access: Content) -> None:
    name = text(access["Outputs"][output_name("warehouse")]["Value"]).strip("<>")
    function = access["Resources"][name.partition(".")[0]]
    assert function["Properties"]["Handler"] == "database_users.look.handle"


def test_each_identity_has_one_policy_for_each_of_its_databases(access: Content) -> None:
    airflow = text(access["Outputs"]["AirflowExecutionRole"]["Value"])
    assert connects(access) == sorted(
        [
            (airflow, ["airflow_orders_read"]),
            (airflow, ["airflow_reports_write"]),
            ("shop", ["shop_orders_own"]),
            ("shop", ["shop_reports_own"]),
            ("shop", ["shop_payroll_own"]),
        ]
    )


def test_no_policy_of_an_identity_has_a_wildcard(access: Content) -> None:
    policies = of_identities(access)
    assert policies
    for policy in policies:
        assert "*" not in json.dumps(policy["PolicyDocument"])
        assert "?" not in json.dumps(policy["PolicyDocument"])


def test_no_policy_of_an_identity_allows_anything_but_its_login_and_its_connection(
    access: Content,
) -> None:
    actions = {
        statement["Action"]
        for policy in of_identities(access)
        for statement in policy["PolicyDocument"]["Statement"]
    }
    assert actions == {"rds-db:connect", "secretsmanager:GetSecretValue"}


def test_only_airflow_may_read_connections_each_by_its_name(access: Content) -> None:
    [policy] = [
        one
        for one in of_identities(access)
        if "secretsmanager" in json.dumps(one["PolicyDocument"])
    ]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    secrets = of_type(access, "AWS::SecretsManager::Secret")
    assert [one["Ref"] for one in statement["Resource"]] == list(secrets)
    assert [*map(text, policy["Roles"])] == [
        text(access["Outputs"]["AirflowExecutionRole"]["Value"])
    ]


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


@pytest.fixture(scope="module")
def changed_level(synthesize: Synthesize) -> Content:
    """Airflow reads orders no longer: it writes there; the shop no longer owns payroll."""
    changes: dict[str, object] = {
        f"{DATABASES}.orders.read": REMOVED,
        f"{DATABASES}.orders.write": ["airflow"],
        f"{DATABASES}.payroll.own": REMOVED,
        f"{DATABASES}.payroll.read": ["shop"],
    }
    return json.loads(synthesize(changes)["dev-access"])


def test_a_change_of_level_replaces_nothing_and_needs_no_policy_more(
    access: Content, changed_level: Content
) -> None:
    for name, resource in access["Resources"].items():
        after = changed_level["Resources"].get(name)
        if after is None:
            assert resource["Type"] == "AWS::IAM::Policy"
            assert name.startswith("Loginwarehouseordersread")
            continue
        for path in create_only(resource["Type"]):
            assert [*values_at(resource.get("Properties", {}), path)] == [
                *values_at(after.get("Properties", {}), path)
            ]
    before, after = (
        set(of_type(template, "AWS::IAM::ManagedPolicy")) for template in (access, changed_level)
    )
    assert after == before


def test_airflows_connection_names_a_new_user_that_may_log_in_before_the_old_one_goes(
    changed_level: Content,
) -> None:
    [made], [retired] = (
        of_type(changed_level, f"Custom::{kind}")
        for kind in ("DatabaseUsers", "RetiredDatabaseUsers")
    )
    secrets = of_type(changed_level, "AWS::SecretsManager::Secret")
    for name, secret in secrets.items():
        [login] = [
            policy
            for policy in of_type(changed_level, "AWS::IAM::Policy")
            if policy.startswith(f"Login{name[len('Connection') : name.index('Secret')]}")
        ]
        assert {made, login} <= set(secret["DependsOn"])
    assert {made, *secrets} <= set(changed_level["Resources"][retired]["DependsOn"])
    states = the(changed_level, "Custom::DatabaseUsers")["Properties"]["Databases"]
    assert {state["Name"]: state.get("Retiring") for state in states} == {
        "orders": ["airflow_orders_read", "airflow_orders_own"],
        "reports": ["airflow_reports_read", "airflow_reports_own"],
        "payroll": None,
    }
    last = the(changed_level, "Custom::RetiredDatabaseUsers")["Properties"]
    assert (last["Step"], last["Handover"]) == ("retire", {"Fn::GetAtt": [made, "Handover"]})


def test_a_change_of_access_touches_its_policy_its_users_and_airflows_connection_alone(
    access: Content, changed_level: Content
) -> None:
    kinds = [
        resource["Type"]
        for name in touched(access, changed_level)
        if (resource := changed_level["Resources"].get(name) or access["Resources"][name])
    ]
    # For Airflow a policy of the old level gives way to one of the new, and the old user goes last.
    assert Counter(kinds) == {
        "AWS::IAM::Policy": 2,
        "AWS::IAM::ManagedPolicy": 1,
        "AWS::SecretsManager::Secret": 1,
        "Custom::DatabaseUsers": 1,
        "Custom::RetiredDatabaseUsers": 1,
    }


def test_a_database_that_airflow_may_not_enter_is_not_known_to_it(access: Content) -> None:
    for one in (*of_identities(access), *properties(access, "AWS::SecretsManager::Secret")):
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
    assert ("analyst", ["analyst_payroll_read"]) in connects(template)


def test_databases_of_two_instances_are_kept_apart(synthesize: Synthesize) -> None:
    lake: dict[str, Any] = {"databases": {"orders": {"own": ["shop"], "read": ["airflow"]}}}
    templates = synthesize({"instances.lake": lake})
    assert {"dev-database-lake", "dev-database-warehouse"} <= templates.keys()
    template = json.loads(templates["dev-access"])
    assert len(of_type(template, "Custom::DatabaseUsers")) == 2
    resources = {
        statement["Sid"]: text(statement["Resource"])
        for policy in properties(template, "AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid", "").startswith("OwnOrdersOn")
    }
    assert len(resources) == len(set(resources.values())) == 2
    for sid, resource in resources.items():
        assert ("dev-database-lake" in resource) == (sid == "OwnOrdersOnLake")


def test_a_repair_changes_one_property_of_each_server_and_no_template(access: Content) -> None:
    assert access["Parameters"]["Repair"]["Default"] == "never"
    assert the(access, "Custom::DatabaseUsers")["Properties"]["Repair"] == {"Ref": "Repair"}
    assert json.dumps(access).count('{"Ref": "Repair"}') == 1
