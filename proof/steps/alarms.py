"""What a drift check raises an alarm for, and what keeps one from being made."""

from collections.abc import Generator
from contextlib import contextmanager

from proof.deployment import Deployment
from proof.environment import MASTER
from proof.progress import UnprovenError
from proof.steps import drift

NAMES = ("Outstanding", "Unread", "Failed", "Silent")
SHUT = "payroll"
DAY_HOURS = 24
WARM_UP_HOURS = 2
"""What a new alarm waits for its first check beyond a day."""


def each_alarm_is_raised(deployment: Deployment) -> str:
    """By a difference, a database that is shut, a server out of reach, and silence.

    Each check is a day after the one before: the local CloudWatch's clock is set forward.
    """
    deployment.account.later(WARM_UP_HOURS)
    _expect_after_a_day(deployment)
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as connection:
        connection.execute(b"GRANT CONNECT ON DATABASE orders TO PUBLIC")
        try:
            _expect_after_a_day(deployment, "Outstanding")
        finally:
            connection.execute(b"REVOKE CONNECT ON DATABASE orders FROM PUBLIC")
    # That nobody may connect is a difference, too, which a deploy puts right; what a check said
    # last stands until the next.
    shut = ("Outstanding", "Unread")
    owner = next(one for one in deployment.declared.grants if one.database == SHUT)
    with deployment.identity(owner.identity).log_in(owner.user, SHUT) as connection:
        connection.execute(f"ALTER DATABASE {SHUT} CONNECTION LIMIT 0".encode())
        try:
            _expect_after_a_day(deployment, *shut)
        finally:
            connection.execute(f"ALTER DATABASE {SHUT} CONNECTION LIMIT -1".encode())
    with _out_of_reach(deployment):
        _expect_after_a_day(deployment, *shut, "Failed")
        deployment.account.later(DAY_HOURS)
        _expect(deployment, *shut, "Failed", "Silent")
    _expect_after_a_day(deployment)
    return "1 statement, 1 database unread, no server, no check for 2 days; ended by the next check"


@contextmanager
def _out_of_reach(deployment: Deployment) -> Generator[None]:
    """The function looks for the server under a name that does not exist."""
    function = deployment.users_function
    client = deployment.account.client("lambda")
    variables = function["Environment"]["Variables"]

    def look_at(host: str) -> None:
        client.update_function_configuration(
            FunctionName=function["FunctionName"],
            Environment={"Variables": variables | {"DATABASE_HOST": host}},
        )

    look_at("gone.invalid")
    try:
        yield
    finally:
        look_at(variables["DATABASE_HOST"])


def _expect_after_a_day(deployment: Deployment, *raised: str) -> None:
    deployment.account.later(DAY_HOURS)
    drift.check(deployment)
    _expect(deployment, *raised)


def _expect(deployment: Deployment, *raised: str) -> None:
    """That these alarms are raised, and no other."""
    found = {
        name: alarm["StateValue"]
        for alarm in deployment.account.client("cloudwatch").describe_alarms()["MetricAlarms"]
        for name in NAMES
        if f"DriftCheckAlarms{name}" in alarm["AlarmName"]
    }
    expected = {name: "ALARM" if name in raised else "OK" for name in NAMES}
    if found != expected:
        raise UnprovenError(f"the alarms are {found}, not {expected}")
