import io
import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms

import drift_check.handler
from airflow_rds_iam.access.database_users import DatabaseUsers
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.servers.postgres_instance import PostgresInstance
from database_users.request import parse_request, parse_target
from stacks.desired_databases import desired_databases
from tests.declared import dev
from tests.templates import Content, of_type, properties, statements, synthesized, text, the

RESOURCE = "Custom::DatabaseUsers"


def template_of(stack: Stack, databases: dict[str, Any]) -> Content:
    declaration = Declaration.model_validate(
        {
            **dev({"instances.warehouse.databases": databases}),
            "identities": {
                name: {"role_arn": f"arn:aws:iam::111122223333:role/{name}"}
                for name in ("shop", "analyst")
            },
        }
    )
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, restrict_default_security_group=False)
    private = ec2.PrivateSubnet(
        stack,
        "Private",
        availability_zone="eu-central-1a",
        cidr_block="10.0.250.0/24",
        vpc_id=vpc.vpc_id,
    )
    DatabaseUsers(
        stack,
        "Users",
        instance=PostgresInstance(
            stack, "Postgres", identifier="dev-warehouse", vpc=vpc, subnets=vpc.public_subnets
        ),
        databases=desired_databases(declaration, "warehouse"),
        repair="20261125T102500Z",
        key=kms.Key(stack, "LogKey"),  # pyright: ignore[reportArgumentType]
        vpc=vpc,
        subnets=[private],  # pyright: ignore[reportArgumentType]
        security_group=ec2.SecurityGroup(stack, "Given", vpc=vpc),
    )
    return synthesized(stack)


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    return template_of(new_stack(), dev()["instances"]["warehouse"]["databases"])


@pytest.fixture(scope="module")
def function(template: Content) -> dict[str, Any]:
    return _function(template, "database_users.handler.handle")


def _function(template: Content, handler: str) -> dict[str, Any]:
    functions = properties(template, "AWS::Lambda::Function")
    [function] = [one for one in functions if one["Handler"] == handler]
    return function


def test_the_doctors_function_is_made_as_the_other_is(
    template: Content, function: dict[str, Any]
) -> None:
    doctor = _function(template, "database_users.look.handle")
    same = ("Code", "Environment", "VpcConfig", "Runtime", "Architectures")
    assert {key: doctor[key] for key in same} == {key: function[key] for key in same}
    assert doctor["Role"] != function["Role"]
    module, _, name = doctor["Handler"].rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_nobody_is_given_the_doctors_function(template: Content) -> None:
    [name] = [
        name
        for name, one in of_type(template, "AWS::Lambda::Function").items()
        if one["Properties"]["Handler"] == "database_users.look.handle"
    ]
    assert of_type(template, "AWS::Lambda::Permission") == {}
    for statement in statements(template):
        if "lambda:InvokeFunction" in statement["Action"]:
            assert name not in str(statement["Resource"])


def test_the_desired_state_is_what_is_declared(template: Content) -> None:
    assert the(template, RESOURCE)["Properties"]["Databases"] == [
        {
            "Name": name,
            "Owner": f"{name}_owner",
            "Writer": f"{name}_writer",
            "Reader": f"{name}_reader",
            "Read": read,
            "Write": write,
            "Own": [f"shop_{name}_own"],
            "ConnectionLimit": "50",
            **({"Retiring": retiring} if retiring else {}),
        }
        for name, read, write, retiring in (
            (
                "orders",
                ["airflow_orders_read"],
                [],
                ["airflow_orders_write", "airflow_orders_own"],
            ),
            (
                "reports",
                [],
                ["airflow_reports_write"],
                ["airflow_reports_read", "airflow_reports_own"],
            ),
            ("payroll", [], [], []),
        )
    ]


def test_old_owners_are_named_only_where_they_are_adopted(new_stack: Callable[[], Stack]) -> None:
    databases = {
        "orders": {"own": ["shop"], "adopt": True, "old_owners": ["Legacy"]},
        "reports": {"own": ["shop"]},
    }
    orders, reports = the(template_of(new_stack(), databases), RESOURCE)["Properties"]["Databases"]
    assert orders["OldOwners"] == ["Legacy"]
    assert "OldOwners" not in reports


@pytest.mark.parametrize("count", [1, 30])
def test_there_is_one_resource_whatever_the_number_of_databases(
    count: int, new_stack: Callable[[], Stack]
) -> None:
    databases = {f"db{number}": {"own": ["shop"]} for number in range(count)}
    template = template_of(new_stack(), databases)
    assert len(the(template, RESOURCE)["Properties"]["Databases"]) == count
    assert len(of_type(template, RESOURCE)) == 1


def test_an_update_of_300_databases_fits_into_one_event(new_stack: Callable[[], Stack]) -> None:
    grant = {"read": ["analyst"], "write": ["airflow"], "own": ["shop"]}
    databases = {f"customer_{number:03}": grant for number in range(300)}
    resource = the(template_of(new_stack(), databases), RESOURCE)["Properties"]
    # Lambda's limit for the asynchronous event, which holds the old properties and the new ones.
    assert len(json.dumps(resource)) * 2 < 256 * 1024


def test_a_replaced_instance_is_set_up_anew(template: Content) -> None:
    [instance] = of_type(template, "AWS::RDS::DBInstance")
    resource = the(template, RESOURCE)["Properties"]
    assert resource["InstanceResourceId"] == {"Fn::GetAtt": [instance, "DbiResourceId"]}


def test_cloudformation_waits_a_minute_longer_than_the_function_runs(
    template: Content, function: dict[str, Any]
) -> None:
    assert function["Timeout"] == 300
    assert the(template, RESOURCE)["Properties"]["ServiceTimeout"] == "360"


def test_the_function_runs_on_arm64_inside_the_network(function: dict[str, Any]) -> None:
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "database_users.handler.handle"
    assert function["VpcConfig"]["SubnetIds"]


def test_the_function_is_told_of_its_one_target_and_of_no_secret(
    template: Content, function: dict[str, Any]
) -> None:
    [instance] = of_type(template, "AWS::RDS::DBInstance")
    assert function["Environment"]["Variables"] == {
        "DATABASE_HOST": {"Fn::GetAtt": [instance, "Endpoint.Address"]},
        "DATABASE_PORT": {"Fn::GetAtt": [instance, "Endpoint.Port"]},
        "MASTER_USER": "administrator",
    }


def test_the_function_may_connect_as_the_master_user_alone(
    template: Content, function: dict[str, Any]
) -> None:
    [instance] = of_type(template, "AWS::RDS::DBInstance")
    connect = [one for one in statements(template) if "rds-db:connect" in one["Action"]]
    master = (
        ["rds-db:connect"],
        [
            "arn:aws:rds-db:eu-central-1:111122223333:dbuser:"
            f"<{instance}.DbiResourceId>/administrator"
        ],
    )
    # Its own, and the doctor's.
    assert [(one["Action"], [*map(text, one["Resource"])]) for one in connect] == 2 * [master]
    role = function["Role"]["Fn::GetAtt"][0]
    [policy] = [
        one for one in properties(template, "AWS::IAM::Policy") if one["Roles"] == [{"Ref": role}]
    ]
    actions = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    assert {action for action in actions if not action.startswith("ec2:")} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "rds-db:connect",
    }


def test_the_function_is_in_the_security_group_that_it_is_given(
    template: Content, function: dict[str, Any]
) -> None:
    [group] = [one["Fn::GetAtt"][0] for one in function["VpcConfig"]["SecurityGroupIds"]]
    assert group.startswith("Given")


def test_the_users_are_removed_while_the_function_still_has_its_permissions(
    template: Content,
) -> None:
    before = set(the(template, RESOURCE)["DependsOn"])
    kept = {
        name for name in of_type(template, "AWS::IAM::Policy") if name.startswith("UsersFunction")
    }
    assert len(kept) >= 2
    assert kept <= before


def test_its_logs_are_kept_for_a_year(template: Content, function: dict[str, Any]) -> None:
    group = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["Properties"]["RetentionInDays"] == 365


def test_the_function_understands_what_its_resource_and_its_schedule_send(
    new_stack: Callable[[], Stack],
) -> None:
    databases = {
        "orders": {"read": ["airflow"], "own": ["shop"], "adopt": True, "old_owners": ["Legacy"]},
        "reports": {"write": ["analyst"]},
    }
    template = template_of(new_stack(), databases)
    sent = {**the(template, RESOURCE)["Properties"], "ServiceToken": "x"}
    event = {"RequestType": "Create", "ResourceProperties": sent}
    deployed = parse_request(event, "administrator")
    assert {one.connection_limit for one in deployed.databases} == {50}
    assert [
        (one.name, one.read, one.write, one.own, one.old_owners) for one in deployed.databases
    ] == [
        ("orders", ("airflow_orders_read",), (), ("shop_orders_own",), ("Legacy",)),
        ("reports", (), ("analyst_reports_write",), (), ()),
    ]
    update = {**event, "RequestType": "Update", "OldResourceProperties": sent}
    assert parse_request(update, "administrator").before == deployed.databases
    repair = {**update, "ResourceProperties": {**sent, "Repair": "20261126T080000Z"}}
    assert parse_request(repair, "administrator").before is None
    check = parse_request(checked(template), "administrator")
    # What the last step leaves: no user of another level.
    left = tuple(replace(one, retiring=()) for one in deployed.databases)
    assert (check.action, check.databases) == ("check", left)
    last = the(template, "Custom::RetiredDatabaseUsers")["Properties"]
    assert parse_request(event | {"ResourceProperties": last}, "administrator").retires


def checked(template: Content) -> dict[str, Any]:
    """What the users' function is asked for by what its schedule calls."""
    asked: list[dict[str, Any]] = []

    class Aws:
        def get_template(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
            assert StackName == "<AWS::StackId>"
            return {"TemplateBody": template}

        def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803
            asked.append({"to": FunctionName, **json.loads(Payload)})
            return {"Payload": io.BytesIO(b"{}")}

    caller = _function(template, "drift_check.handler.handle")
    [users] = [
        name
        for name, one in of_type(template, "AWS::Lambda::Function").items()
        if one["Properties"]["Handler"] == "database_users.handler.handle"
    ]
    variables = {name: text(one) for name, one in caller["Environment"]["Variables"].items()}
    schedule = the(template, "AWS::Scheduler::Schedule")["Properties"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boto3.client", lambda *_, **__: Aws())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        for name, value in variables.items():
            patch.setenv(name, value)
        drift_check.handler.handle(json.loads(text(schedule["Target"]["Input"])), None)
    [event] = asked
    assert event.pop("to") == f"<{users}.Arn>"
    return event


def test_the_alarms_watch_what_the_check_counts(
    template: Content, capsys: pytest.CaptureFixture[str]
) -> None:
    check = parse_request(checked(template), "administrator")
    assert check.metrics is not None
    check.metrics.emit(statements=3, unread=2)
    record = json.loads(capsys.readouterr().out)
    [directive] = record["_aws"]["CloudWatchMetrics"]
    counted = {one["Name"] for one in directive["Metrics"]}
    watching = [
        alarm
        for alarm in properties(template, "AWS::CloudWatch::Alarm")
        if alarm["Namespace"] == directive["Namespace"]
    ]
    assert {alarm["MetricName"] for alarm in watching} == counted
    for alarm in watching:
        watched = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
        assert directive["Dimensions"] == [list(watched)]
        assert {name: record[name] for name in watched} == watched
    assert (record["StatementsOutstanding"], record["DatabasesUnread"]) == (3, 2)


def test_the_function_finds_its_target_in_the_environment(function: dict[str, Any]) -> None:
    variables = function["Environment"]["Variables"]
    by_lambda = {"AWS_REGION": "eu-central-1", "LAMBDA_TASK_ROOT": "/var/task"}
    environment = {name: text(value) for name, value in variables.items()} | by_lambda
    target = parse_target(environment | {"DATABASE_PORT": "5432"})
    assert target.host == text(variables["DATABASE_HOST"])
    assert target.user == "administrator"
    assert "DATABASE_PORT" in variables
    module, _, name = function["Handler"].rpartition(".")
    assert callable(getattr(import_module(module), name))
