"""What make says last of a deploy that failed."""

from typing import Any

from deployed.failure import reasons, still_taken_over

STACK = {"StackId": "arn:stack", "PhysicalResourceId": "arn:stack"}


def event(name: str, status: str, reason: str = "", kind: str = "Custom::DatabaseUsers") -> Any:
    return {
        **STACK,
        "LogicalResourceId": name,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        **({} if kind == "AWS::CloudFormation::Stack" else {"PhysicalResourceId": name}),
    }


def stack(status: str, reason: str = "") -> Any:
    return event("dev-access", status, reason, "AWS::CloudFormation::Stack")


REFUSED = (
    "Received response status [FAILED] from custom resource. Message returned: Error: nothing was "
    "changed, as this comes first: orders: reporting may CONNECT\n\nLogs: /aws/lambda/x\n    at "
    "invokeUserFunction (/var/task/framework.js:2:6) (RequestId: 1)"
)


def test_the_words_of_the_function_are_told_without_those_of_the_framework() -> None:
    events = [
        stack("UPDATE_ROLLBACK_COMPLETE"),
        event("Other", "UPDATE_FAILED", "Resource update cancelled"),
        event("Users", "UPDATE_FAILED", REFUSED),
        stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Users]"),
        stack("UPDATE_IN_PROGRESS"),
        event("Users", "UPDATE_FAILED", "that of the deploy before"),
    ]
    assert [*reasons(events)] == [
        "Users failed: nothing was changed, as this comes first: orders: reporting may CONNECT"
    ]


def test_what_any_resource_says_is_told_as_it_is() -> None:
    events = [
        event("Role", "CREATE_FAILED", "Role exists", "AWS::IAM::Role"),
        stack("CREATE_IN_PROGRESS"),
    ]
    assert [*reasons(events)] == ["Role failed: Role exists"]


def users(**properties: str) -> Any:
    told = {"ExistingServer": {"Name": "ledger"}}
    return {
        "Resources": {
            "Users": {"Type": "Custom::DatabaseUsers", "Properties": properties, "Metadata": told}
        }
    }


def test_a_take_over_that_was_rolled_back_is_told_and_nothing_else_is() -> None:
    [said] = still_taken_over(users(Observed="true"), users())
    assert said.startswith("ledger is observed again")
    assert [*still_taken_over(users(), users())] == []
    assert [*still_taken_over(users(Observed="true"), users(Observed="true"))] == []
    assert [*still_taken_over(users(), users(Observed="true"))] == []
