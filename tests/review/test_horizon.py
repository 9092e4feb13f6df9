import shlex
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.horizon import Gap, horizon
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
DEV = declared(Declaration.model_validate(dev()), environment="dev")


def found(templates: Templates) -> list[Gap]:
    return horizon(Access(of_templates(templates), DEV.arns_by_role))


def commands(templates: Templates) -> list[str]:
    return [command for gap in found(templates) for command in gap.commands]


@pytest.mark.slow
def test_every_command_is_one_of_aws_with_options_and_values_that_it_has(
    dev_templates: Templates,
) -> None:
    managed(dev_templates)
    for command in commands(dev_templates):
        aws, service, operation, *options = shlex.split(command.replace("<", "_").replace(">", "_"))
        model: Any = botocore.session.get_session().get_service_model(service)
        names = {xform_name(one, "-"): one for one in model.operation_names}
        assert aws == "aws"
        assert operation in names, command
        members: dict[str, Shape] = model.operation_model(names[operation]).input_shape.members
        given: dict[str, list[str]] = {}
        for word in options:
            if word.startswith("--"):
                given[word[2:]] = []
            else:
                given[[*given][-1]].append(word)
        shapes = {xform_name(name, "-"): shape for name, shape in members.items()}
        assert given.keys() <= shapes.keys(), command
        for name, values in given.items():
            assert values, command
            assert all(fits(shapes[name], value) for value in values), command


def fits(shape: Shape, value: str) -> bool:
    """Whether the command line takes the word for an option of this shape."""
    if isinstance(shape, ListShape):
        return fits(shape.member, value)
    if isinstance(shape, StructureShape):
        return {part.partition("=")[0] for part in value.split(",")} <= shape.members.keys()
    return not getattr(shape, "enum", None) or value in shape.enum  # pyright: ignore


def managed(templates: Templates) -> None:
    for one in templates["dev-airflow"]["Resources"].values():
        if one["Type"] == "AWS::IAM::Role":
            one["Properties"]["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]


def test_the_account_its_organisation_and_its_deployment_are_beyond_it(
    dev_templates: Templates,
) -> None:
    given = commands(dev_templates)
    for part in (
        "organizations list-policies-for-target --target-id 111122223333",
        "sso-admin list-permission-sets-provisioned-to-account",
        "iam get-account-authorization-details",
        "accessanalyzer list-findings-v2",
        "cdk-hnb659fds-cfn-exec-role-111122223333-eu-central-1",
    ):
        assert [one for one in given if part in one], part


def test_an_existing_role_is_asked_for_by_its_name_and_one_that_is_made_here_is_not(
    dev_templates: Templates,
) -> None:
    [gap] = [one for one in found(dev_templates) if "existing role" in one.what]
    assert "role shop" in gap.what
    assert "aws iam list-attached-role-policies --role-name shop" in gap.commands
    assert any("simulate-principal-policy" in one for one in gap.commands)


def test_a_policy_that_aws_manages_is_named(dev_templates: Templates) -> None:
    assert not [one for one in found(dev_templates) if "ReadOnlyAccess" in one.what]
    managed(dev_templates)
    [gap] = [one for one in found(dev_templates) if "ReadOnlyAccess" in one.what]
    assert "arn:aws:iam::aws:policy/ReadOnlyAccess" in gap.commands[0]


def test_what_only_a_deployment_knows_is_a_placeholder() -> None:
    templates: Templates = {"a": {"Resources": {}}}
    access = Access(of_templates(templates, account="unknown-account", region="unknown-region"))
    given = [command for gap in horizon(access) for command in gap.commands]
    assert [one for one in given if "--target-id <account>" in one]
    assert not [one for one in given if "⟨" in one or "unknown" in one]


@pytest.mark.parametrize("name", ["a b", "$(id)", "it's"])
def test_a_name_is_safe_for_a_shell(dev_templates: Templates, name: str) -> None:
    for one in dev_templates["dev-access"]["Resources"].values():
        if one["Properties"].get("Roles") == ["shop"]:
            one["Properties"]["Roles"] = [name]
    given = [one for one in commands(dev_templates) if "get-role" in one]
    assert any(shlex.split(one)[-1] == name for one in given)


def test_the_roles_that_deploy_are_those_of_the_bootstrap_that_is_used(
    dev_templates: Templates,
) -> None:
    for template in dev_templates.values():
        version = template["Parameters"]["BootstrapVersion"]
        version["Default"] = "/cdk-bootstrap/acme2026x/version"
    role = "cdk-acme2026x-deploy-role-111122223333-eu-central-1"
    assert f"aws iam get-role --role-name {role}" in commands(dev_templates)
