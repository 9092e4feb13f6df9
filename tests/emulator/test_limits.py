"""What AWS refuses of a function, a log group or a schedule, the local AWS refuses, too."""

import re
from typing import Any

import pytest

from tests.emulator.conftest import StackFailedError, Stacks, get, resource, role

pytestmark = pytest.mark.slow

NAMES: dict[str, dict[str, Any]] = {
    "Lambda::Function": {
        "Code": {"ZipFile": "x"},
        "Handler": "index.handle",
        "Role": get("Role", "Arn"),
        "Runtime": "python3.13",
    },
    "Logs::LogGroup": {"LogGroupName": "limits"},
    "Scheduler::Schedule": {
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:x", "RoleArn": get("Role", "Arn"), "Input": "{}"},
    },
}
SCHEDULER = "scheduler.amazonaws.com"


def target(**properties: Any) -> dict[str, Any]:
    return {"Target": NAMES["Scheduler::Schedule"]["Target"] | properties}


@pytest.mark.parametrize(
    ("kind", "properties", "says"),
    [
        ("Lambda::Function", {"Timeout": 0}, "Timeout: 0 is not greater or equal to 1"),
        ("Lambda::Function", {"Timeout": 901}, "Timeout 901: 900 at most"),
        ("Lambda::Function", {"MemorySize": 127}, "MemorySize: 127 is not greater or equal to 128"),
        ("Lambda::Function", {"MemorySize": 10_241}, "MemorySize 10241: 10240 at most"),
        (
            "Logs::LogGroup",
            {"RetentionInDays": 31},
            "RetentionInDays: 31 is not a valid enum value: [1, 3, 5",
        ),
        *(
            (
                "Scheduler::Schedule",
                {"ScheduleExpression": expression},
                f"Invalid Schedule Expression {expression}.",
            )
            for expression in (
                "daily",
                "rate(0 days)",
                "rate(1 week)",
                "cron(0 6 * * ?)",
                "cron(0 6 * * * *)",
                "cron(0 6 ? * ? *)",
            )
        ),
        (
            "Scheduler::Schedule",
            {"FlexibleTimeWindow": {"Mode": "NONE"}},
            "Mode: 'NONE' is not a valid enum value: ['OFF', 'FLEXIBLE']",
        ),
        (
            "Scheduler::Schedule",
            target(RetryPolicy={"MaximumRetryAttempts": 186}),
            "RetryPolicy/MaximumRetryAttempts: 186 is not less or equal to 185",
        ),
        (
            "Scheduler::Schedule",
            target(RetryPolicy={"MaximumEventAgeInSeconds": 59}),
            "RetryPolicy/MaximumEventAgeInSeconds: 59 is not greater or equal to 60",
        ),
        (
            "Scheduler::Schedule",
            target(RoleArn=get("Untrusting", "Arn")),
            "must allow AWS EventBridge Scheduler to assume the role",
        ),
    ],
)
def test_what_is_beyond_a_limit_is_refused(
    stacks: Stacks, kind: str, properties: dict[str, Any], says: str
) -> None:
    service = SCHEDULER if kind.startswith("Scheduler") else "lambda.amazonaws.com"
    resources = {
        "Role": role(Service=service),
        "Untrusting": role(),
        "Tried": resource(kind, **NAMES[kind] | properties),
    }
    try:
        with pytest.raises(StackFailedError, match=re.escape(says)):
            stacks.deploy("limits", resources)
    finally:
        stacks.delete("limits")
        stacks.made.discard("limits")


def test_what_is_within_them_is_taken(stacks: Stacks) -> None:
    resources = {
        "Function": resource("Lambda::Function", **NAMES["Lambda::Function"], Timeout=900),
        "Logs": resource("Logs::LogGroup", **NAMES["Logs::LogGroup"], RetentionInDays=3653),
    }
    stacks.deploy("limits", resources | {"Role": role(Service="lambda.amazonaws.com")})
    stacks.delete("limits")
    schedule = resource("Scheduler::Schedule", **NAMES["Scheduler::Schedule"])
    stacks.made.discard("limits")
    stacks.deploy("limits", {"Role": role(Service=SCHEDULER), "Schedule": schedule})
    stacks.delete("limits")
