from typing import Any, cast

import pytest

from deployed.stack import DeployedStack, Resource
from removal import take_up
from tests.application import CdkOut, templates
from tests.create_only import identifier
from tests.templates import keys_and_values


def of(template: dict[str, Any]) -> DeployedStack:
    resources = [
        Resource(logical_id=name, type=resource["Type"], id=f"id-of-{name}")
        for name, resource in template["Resources"].items()
    ]
    return DeployedStack(name="stack", template=template, resources=resources)


def test_an_import_knows_each_type_by_its_schemas_identifier() -> None:
    for resource_type, name in take_up.IDENTIFIERS.items():
        assert identifier(resource_type) == [[name]]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_whatever_a_template_retains_can_be_imported_by_itself(
    environment: str, cdk_out: CdkOut
) -> None:
    for template in templates(cdk_out(environment)).values():
        stack = of(template)
        imported = take_up.template(stack)["Resources"]
        asked = {one["LogicalResourceId"]: one for one in take_up.resources(stack)}
        assert imported.keys() == asked.keys()
        for key, value in keys_and_values(imported):
            if key == "Ref" and not str(value).startswith("AWS::"):
                assert value in imported
            elif key == "Fn::GetAtt":
                assert cast("list[str]", value)[0] in imported
            elif key == "DependsOn":
                assert {*cast("list[str]", value)} <= imported.keys()


def test_the_instance_of_prod_is_imported_with_all_that_it_stands_on(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("prod"))["prod-database-warehouse"]
    [instance] = [
        one
        for one in take_up.resources(of(template))
        if one["ResourceType"] == "AWS::RDS::DBInstance"
    ]
    assert instance["ResourceIdentifier"] == {
        "DBInstanceIdentifier": f"id-of-{instance['LogicalResourceId']}"
    }
    assert len(take_up.resources(of(template))) == 9
