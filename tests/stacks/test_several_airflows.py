"""Several Airflow environments on the same databases, each an identity of its own, or none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.model import Declaration
from review.declared import Declared, declared
from review.horizon import horizon
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import read
from stacks.desired_databases import desired_databases
from tests.application import templates
from tests.declared import REMOVED, dev, written
from tests.existing import AIRFLOW, guardrail_errors, refused_by, synthesized
from tests.templates import Content, of_type, properties, text

DATABASES = "instances.warehouse.databases"
HERE: dict[str, object] = {
    "read": ["ml_ops", "team"],
    "write": ["airflow", "elsewhere"],
    "own": ["shop"],
}
ELSEWHERE = {
    "role_arn": "arn:aws:iam::111122223333:role/eks/airflow",
    "ranges": ["10.40.0.0/24"],
    "authorities": "/opt/rds.pem",
}
SEVERAL: dict[str, object] = {
    "airflow": REMOVED,
    "airflows": {
        "airflow": {},
        "ml_ops": {"class": "mw1.medium", "policies": "packed"},
        "team": {"existing": AIRFLOW},
        "elsewhere": {"existing": ELSEWHERE},
    },
    f"{DATABASES}.orders": HERE,
    "identities.invoices": {"task_role": True, "airflow": "ml_ops"},
    f"{DATABASES}.payroll.read": ["invoices"],
}
NONE: dict[str, object] = {
    "airflow": REMOVED,
    "airflows": {},
    **{
        f"{DATABASES}.{name}": {"read": ["analyst"], "own": ["shop"]}
        for name in ("orders", "payroll", "reports")
    },
    "identities.analyst": {"role_arn": "arn:aws:iam::111122223333:role/analyst"},
}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(dev(SEVERAL), tmp_path_factory.mktemp("several") / "dev.yaml")


@pytest.fixture(scope="module")
def outdir(new_app: Callable[[], App], several: Path) -> Path:
    return synthesized(new_app(), several)


@pytest.fixture(scope="module")
def found(outdir: Path) -> dict[str, dict[str, Any]]:
    return templates(outdir)


@pytest.fixture(scope="module")
def access(found: dict[str, dict[str, Any]]) -> Content:
    return found["dev-access"]


@pytest.fixture(scope="module")
def expected(several: Path) -> Declared:
    return declared(load(several), environment="dev")


def role(access: Content, airflow: str) -> object:
    """An Airflow's role, as policies name it."""
    output = {"airflow": "", "ml_ops": "OfMlOps", "team": "OfTeam", "elsewhere": "OfElsewhere"}
    return access["Outputs"][f"AirflowExecutionRole{output[airflow]}"]["Value"]


def statements_of(access: Content, airflow: str) -> list[dict[str, Any]]:
    return [
        statement
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for one in properties(access, kind)
        if one.get("Roles") == [role(access, airflow)]
        for statement in one["PolicyDocument"]["Statement"]
    ]


def listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def test_each_that_is_made_has_a_stack_a_name_and_a_security_group_of_its_own(
    found: dict[str, dict[str, Any]],
) -> None:
    stacks = {name: one for name, one in found.items() if name.startswith("dev-airflow")}
    assert {*stacks} == {"dev-airflow", "dev-airflow-ml-ops"}
    made = {name: properties(one, "AWS::MWAA::Environment")[0] for name, one in stacks.items()}
    assert made["dev-airflow"]["Name"] == "dev"
    assert made["dev-airflow-ml-ops"]["Name"] == "dev-ml-ops"
    groups = {text(one["NetworkConfiguration"]["SecurityGroupIds"]) for one in made.values()}
    assert len(groups) == 2
    rules = properties(found["dev-database-warehouse"], "AWS::EC2::SecurityGroupIngress")
    sources = [text(one.get("SourceSecurityGroupId", one.get("CidrIp"))) for one in rules]
    assert sum("AirflowSecurityGroup" in one for one in sources) == 2
    assert {"sg-00000002", "10.40.0.0/24"} <= {*sources}
    endpoints = [
        text(one["SourceSecurityGroupId"])
        for one in properties(found["dev-network"], "AWS::EC2::SecurityGroupIngress")
        if one.get("FromPort") == 443
    ]
    assert len({*endpoints}) == 2


@pytest.mark.parametrize(
    ("airflow", "users"),
    [
        ("ml_ops", {"ml_ops_orders_read"}),
        ("team", {"team_orders_read"}),
        ("elsewhere", {"elsewhere_orders_write"}),
    ],
)
def test_each_may_log_in_as_its_own_users_alone(
    airflow: str, users: set[str], access: Content
) -> None:
    logins = {
        text(one["Resource"]).rpartition("/")[2]
        for one in statements_of(access, airflow)
        if one["Action"] == "rds-db:connect"
    }
    assert logins == users


def test_each_has_its_connections_under_its_own_prefix_and_looks_up_no_others(
    access: Content,
) -> None:
    secrets = {
        one["Properties"]["Name"]: logical_id
        for logical_id, one in of_type(access, "AWS::SecretsManager::Secret").items()
    }
    assert "airflow/dev/connections/warehouse_orders" in secrets
    assert "team/connections/warehouse_orders" in secrets
    assert "airflow/dev-ml-ops/connections/warehouse_orders" in secrets
    assert "airflow/dev-ml-ops/connections/warehouse_payroll_invoices" in secrets
    own = {
        name: {one for one in secrets if one.startswith(prefix)}
        for name, prefix in (("airflow", "airflow/dev/"), ("team", "team/"))
    }
    for airflow, names in own.items():
        looked_up = {
            text(resource)
            for one in statements_of(access, airflow)
            if one["Action"] == "secretsmanager:GetSecretValue"
            for resource in listed(one["Resource"])
        }
        assert looked_up == {f"<{secrets[name]}>" for name in names}
    [packed] = [
        one
        for one in statements_of(access, "ml_ops")
        if one["Action"] == "secretsmanager:GetSecretValue"
    ]
    assert text(packed["Resource"]).endswith(":secret:airflow/dev-ml-ops/connections/*")
    [tag] = packed["Condition"]["StringEquals"].values()
    assert tag == "dev/ml_ops"
    told = [one for name, one in access["Outputs"].items() if name.startswith("ToConnect")]
    assert [one for one in told if '"login":"elsewhere_orders_write"' in text(one["Value"])] == told


def test_the_role_of_a_task_is_taken_by_the_one_declared(access: Content) -> None:
    [trust] = [
        one["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
        for one in properties(access, "AWS::IAM::Role")
        if one.get("RoleName") == "dev-invoices"
    ]
    assert "dev-airflow-ml-ops" in json.dumps(trust)


def test_a_change_of_each_ones_level_leaves_its_connection_a_user(several: Path) -> None:
    declaration = load(several)
    [orders] = [one for one in desired_databases(declaration, "warehouse") if one.name == "orders"]
    for name in declaration.airflows:
        [granted] = [
            one for one in grants(declaration) if (one.identity, one.database) == (name, "orders")
        ]
        assert {*granted.other_users} <= {*orders.other_levels}


def test_the_review_speaks_of_each_by_its_name(outdir: Path, several: Path) -> None:
    expected = declared(load(several), environment="dev")
    access = Access(read(outdir), expected.arns_by_role)
    rows = [one for one in matrix(access, expected).rows if one.database == "orders"]
    assert not [one for one in matrix(access, expected).rows if one.disagreements]
    assert {one.identity: (one.level, [*one.connections]) for one in rows} == {
        "airflow": ("write", ["warehouse_orders"]),
        "ml_ops": ("read", ["warehouse_orders"]),
        "team": ("read", ["warehouse_orders"]),
        "elsewhere": ("write", []),
        "shop": ("own", []),
    }
    assert all(one.network for one in rows)
    assert guardrail_errors(outdir, several) == []
    gaps = [one.what for one in horizon(access, expected)]
    assert [one for one in gaps if "Airflow that was there before (team)" in one]
    assert [one for one in gaps if "Airflow that was there before (elsewhere)" in one]
    assert not [one for one in gaps if "before (airflow)" in one or "before (ml_ops)" in one]


def test_one_that_may_read_the_connection_of_another_is_refused(
    found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    changed = json.loads(json.dumps(found))
    access = changed["dev-access"]
    [another] = [
        logical_id
        for logical_id, one in of_type(access, "AWS::SecretsManager::Secret").items()
        if one["Properties"]["Name"] == "airflow/dev/connections/warehouse_orders"
    ]
    for one in statements_of(access, "team"):
        if one["Action"] == "secretsmanager:GetSecretValue":
            one["Resource"] = [one["Resource"], {"Ref": another}]
    [said] = refused_by("airflow-reads-its-own", changed, expected)
    assert said.startswith("team may secretsmanager:GetSecretValue of ")


@pytest.mark.parametrize("tag", ["dev", "dev/team"])
def test_one_that_may_read_what_has_the_tag_of_another_is_refused(
    tag: str, found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    changed = json.loads(json.dumps(found))
    for one in statements_of(changed["dev-access"], "ml_ops"):
        if one["Action"] == "secretsmanager:GetSecretValue":
            [key] = one["Condition"]["StringEquals"]
            one["Condition"]["StringEquals"][key] = tag
    [said] = refused_by("airflow-reads-its-own", changed, expected)
    assert said.startswith("ml_ops may secretsmanager:GetSecretValue of ")


def test_another_that_takes_the_role_of_a_task_is_refused(
    found: dict[str, dict[str, Any]], expected: Declared
) -> None:
    assert not refused_by("trust-is-used", found, expected)
    changed = json.loads(json.dumps(found))
    for one in properties(changed["dev-access"], "AWS::IAM::Role"):
        if one.get("RoleName") == "dev-invoices":
            [statement] = one["AssumeRolePolicyDocument"]["Statement"]
            statement["Principal"]["AWS"] = AIRFLOW["role_arn"]
    [said] = refused_by("trust-is-used", changed, expected)
    assert said.startswith("invoices may log in, and is trusted to AWS ")


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(dev(NONE), tmp_path_factory.mktemp("none") / "dev.yaml")


@pytest.fixture(scope="module")
def no_airflow(new_app: Callable[[], App], without: Path) -> Path:
    return synthesized(new_app(), without)


def test_without_an_airflow_there_are_databases_and_people_alone(
    no_airflow: Path, without: Path
) -> None:
    found = templates(no_airflow)
    assert {*found} == {"dev-network", "dev-database-warehouse", "dev-access"}
    kinds = {one["Type"] for each in found.values() for one in each["Resources"].values()}
    assert not kinds & {"AWS::MWAA::Environment", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"}
    assert "airflow" not in json.dumps(found["dev-network"]).lower().replace("airflow-rds-iam", "")
    assert not [one for one in found["dev-access"]["Outputs"] if "Airflow" in one]
    expected = declared(load(without), environment="dev")
    access = Access(read(no_airflow), expected.arns_by_role)
    rows = matrix(access, expected).rows
    assert {one.identity for one in rows if one.level != "administer"} == {"analyst", "shop"}
    assert not [one for one in rows if one.disagreements]
    assert guardrail_errors(no_airflow, without) == []
    assert not [one for one in horizon(access, expected) if "Airflow" in one.what]


AS_ONE_OR_LISTED: dict[str, dict[str, object]] = {
    "one": {"airflow": {"class": "mw1.medium"}},
    "list": {"airflow": REMOVED, "airflows": {"airflow": {"class": "mw1.medium"}}},
}


def test_one_in_the_list_called_airflow_is_the_one_that_airflow_declares() -> None:
    one, listed = (
        Declaration.model_validate(dev(changes)) for changes in AS_ONE_OR_LISTED.values()
    )
    assert one.airflows == listed.airflows
    assert one.airflows["airflow"].environment_class == "mw1.medium"


@pytest.mark.slow
def test_its_templates_are_the_same(new_app: Callable[[], App], tmp_path: Path) -> None:
    one, listed = (
        templates(synthesized(new_app(), written(dev(changes), tmp_path / f"{name}.yaml")))
        for name, changes in AS_ONE_OR_LISTED.items()
    )
    assert one == listed
