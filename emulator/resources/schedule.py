"""EventBridge Scheduler's schedules: of a form that it takes, with a role that it may assume.

Source: EventBridge Scheduler API reference, CreateSchedule; user guide, "Schedule types on
EventBridge Scheduler".
"""

import re

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_SERVICE = "scheduler.amazonaws.com"
_EXPRESSION = re.compile(
    r"rate\([1-9]\d* (minute|hour|day)s?\)"
    r"|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
    r"|cron\([^ ()]+( [^ ()]+){5}\)"
)


def register(emulator: Emulator) -> None:
    """Check schedules."""

    def check(new: Properties, _old: Properties | None) -> None:
        expression = new["ScheduleExpression"]
        if not _EXPRESSION.fullmatch(expression) or _both_days(expression):
            raise ValueError(f"Invalid Schedule Expression {expression}.")
        source = f"arn:aws:scheduler:{emulator.region}:{emulator.account}:schedule-group/default"
        if not emulator.identities.role_trusts(new["Target"]["RoleArn"], _SERVICE, source):
            raise ValueError(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
                "role."
            )

    emulator.stacks.check("AWS::Scheduler::Schedule", properties=check)


def _both_days(expression: str) -> bool:
    """Whether a cron expression names days of the month and of the week; one must be `?`."""
    if not expression.startswith("cron("):
        return False
    _, _, of_month, _, of_week, _ = expression.removeprefix("cron(").removesuffix(")").split()
    return (of_month == "?") == (of_week == "?")
