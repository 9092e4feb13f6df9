from typing import Any

from deployed.nested import joined
from preflight.moved import moved
from preflight.policies import attached_anew


def policy(role: object) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": [role]}}


INNER = {
    "Resources": {
        "Policy": policy({"Ref": "given"}),
        "Own": policy({"Ref": "Role"}),
        "Role": {"Type": "AWS::IAM::Role"},
        "Arn": policy({"Fn::GetAtt": ["Role", "Arn"]}),
    }
}


def outer(given: object) -> dict[str, Any]:
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"given": given}}}
    return {"Outputs": {"O": 1}, "Resources": {"Stack": stack, "Policy": policy("shop")}}


def test_what_is_nested_refers_to_what_the_outer_stack_has() -> None:
    found = joined(outer({"Ref": "Role"}), {"Stack": INNER})
    roles = {
        name: one["Properties"]["Roles"]
        for name, one in found["Resources"].items()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
    }
    assert roles == {
        "Policy": ["shop"],
        "Stack/Policy": [{"Ref": "Role"}],
        "Stack/Own": [{"Ref": "Stack/Role"}],
        "Stack/Arn": [{"Fn::GetAtt": ["Stack/Role", "Arn"]}],
    }
    assert found["Outputs"] == {"O": 1}


def test_a_roles_policies_in_a_nested_stack_count() -> None:
    there, wanted = outer("shop"), joined(outer("shop"), {"Stack": INNER})
    assert attached_anew("shop", deployed=there, template=wanted) == 1


def users(place: str, *granted: str) -> dict[str, Any]:
    databases = [{"Read": list(granted), "Write": [], "Own": []}]
    resource = {"Type": "Custom::DatabaseUsers", "Properties": {"Databases": databases}}
    return {"Resources": {f"{place}Userslake": resource}}


def test_users_are_moved_to_another_stack_only_while_there_are_none() -> None:
    assert [*moved(users("", "shop"), users("", "shop"))] == []
    assert [*moved(users(""), users("Stack/", "shop"))] == []
    assert [*moved({}, users("Stack/", "shop"))] == []
    for before, after in (("", "Stack/"), ("Stack/", "")):
        [said] = moved(users(before, "shop"), users(after, "shop"))
        assert said.startswith("access_stack: Userslake would go from one stack to another")
