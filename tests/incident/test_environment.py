"""What is deployed is read from what was synthesized: the application's own templates."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from incident.environment import NotDeployedError, deployed
from tests.application import CdkOut
from tests.incident.aws import DENIED, refusal

STACK = "dev-access"


class Account:
    """An account that has the stack, and answers as AWS's APIs do."""

    region_name = "eu-central-1"

    def __init__(self, template: dict[str, Any], outputs: dict[str, str] | None = None) -> None:
        self._template = template
        self._outputs = {"AirflowExecutionRole": "airflows-role"} if outputs is None else outputs

    def client(self, _: str) -> "Account":
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        given = self._outputs.items()
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in given]
        return {"Stacks": [{"Outputs": outputs}]}

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": self._template}

    def get_paginator(self, _: str) -> "Account":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        resources = [
            {
                "ResourceType": resource["Type"],
                "LogicalResourceId": name,
                "PhysicalResourceId": name,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name, resource in self._template["Resources"].items()
        ]
        return [{"StackResourceSummaries": resources}]


def policies(template: dict[str, Any], sid: str) -> list[dict[str, Any]]:
    return [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::IAM::ManagedPolicy" and sid in json.dumps(one)
    ]


def test_a_role_that_is_made_has_the_name_that_it_was_given(cdk_out: CdkOut) -> None:
    template = json.loads((cdk_out("dev") / f"{STACK}.template.json").read_text())
    template["Resources"]["MadeRole"] = {"Type": "AWS::IAM::Role"}
    for policy in policies(template, "Own"):
        policy["Roles"] = [{"Ref": "MadeRole"}]
    assert deployed(Account(template), "dev").roles["shop"] == "MadeRole"


def test_a_permission_set_has_users_and_no_role(cdk_out: CdkOut) -> None:
    template = json.loads((cdk_out("dev") / f"{STACK}.template.json").read_text())
    for policy in policies(template, "Own"):
        del policy["Roles"]
    found = deployed(Account(template), "dev")
    assert found.roles["shop"] is None


def test_a_role_that_is_made_elsewhere_is_not_known(cdk_out: CdkOut) -> None:
    template = json.loads((cdk_out("dev") / f"{STACK}.template.json").read_text())
    for policy in policies(template, "Own"):
        policy["Roles"] = [{"Fn::ImportValue": "role"}]
    assert "shop" not in deployed(Account(template), "dev").roles


def test_what_the_check_is_told_names_each_server_its_users_and_their_roles(
    cdk_out: CdkOut,
) -> None:
    template = json.loads((cdk_out("dev") / f"{STACK}.template.json").read_text())
    found = deployed(Account(template), "dev")
    [server] = found.servers
    assert server.name == "dev-warehouse"
    function = template["Resources"][server.function]["Properties"]
    assert function["Handler"] == "database_users.handler.handle"
    assert all("Retiring" not in database for database in server.databases)
    assert server.users("airflow") == ["airflow_orders_read", "airflow_reports_write"]
    assert found.identities == ["airflow", "shop"]
    assert found.roles == {"airflow": "airflows-role", "shop": "shop"}


def test_each_of_several_airflows_has_its_own_role(cdk_out: CdkOut) -> None:
    template = json.loads(
        (cdk_out("dev") / f"{STACK}.template.json")
        .read_text()
        .replace("airflow_reports_write", "ml_ops_reports_write")
    )
    roles = {"AirflowExecutionRole": "one", "AirflowExecutionRoleOfMlOps": "another"}
    found = deployed(Account(template, roles), "dev")
    assert found.roles == {"airflow": "one", "ml_ops": "another", "shop": "shop"}


def test_without_an_airflow_there_is_no_such_role(cdk_out: CdkOut) -> None:
    template = json.loads((cdk_out("dev") / f"{STACK}.template.json").read_text())
    assert deployed(Account(template, {}), "dev").roles == {"shop": "shop"}


class Refusing:
    """An account that refuses to tell of its stacks."""

    region_name = "eu-central-1"

    def __init__(self, code: str) -> None:
        self._code = code

    def client(self, _: str) -> "Refusing":
        return self

    def get_template(self, **_: Any) -> dict[str, Any]:
        raise refusal(self._code)


def test_an_environment_that_is_not_there_is_refused_with_the_region_that_was_asked() -> None:
    with pytest.raises(NotDeployedError, match=r"dev-access is no stack .* eu-central-1"):
        deployed(Refusing("ValidationError"), "dev")


def test_a_caller_who_may_not_look_is_told_so() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        deployed(Refusing(DENIED), "dev")
