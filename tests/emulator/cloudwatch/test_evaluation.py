"""The tables of the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".

In its words: 0 does not breach, X breaches, - is missing; the latest is on the right.
"""

from dataclasses import replace

import pytest

from emulator.cloudwatch.evaluation import Alarm, State, state_of

MINUTE = 60
ALARM = Alarm(
    statistic="Maximum",
    period=MINUTE,
    periods=3,
    to_alarm=3,
    operator="GreaterThanThreshold",
    threshold=0,
    missing="missing",
)
NOW = 1_000_000.0
RETAINED = "INSUFFICIENT_DATA"


def values(drawn: str) -> list[tuple[float, float]]:
    """A value in the middle of each minute that has one."""
    signs = drawn.split()
    return [
        (NOW - MINUTE * (len(signs) - index) + 30, float(sign == "X"))
        for index, sign in enumerate(signs)
        if sign != "-"
    ]


def state(alarm: Alarm, drawn: str) -> State:
    return state_of(alarm, values(drawn), now=NOW, state=RETAINED)


@pytest.mark.parametrize(
    ("drawn", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", "OK", "OK", "OK", "OK"),
        ("- - - - 0", "OK", "OK", "OK", "OK"),
        ("- - - - -", "INSUFFICIENT_DATA", RETAINED, "ALARM", "OK"),
        ("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        ("- - X - -", "ALARM", RETAINED, "ALARM", "OK"),
    ],
)
def test_three_of_three(
    drawn: str, missing: State, ignore: State, breaching: State, not_breaching: State
) -> None:
    treatments = ("missing", "ignore", "breaching", "notBreaching")
    found = [state(replace(ALARM, missing=one), drawn) for one in treatments]
    assert found == [missing, ignore, breaching, not_breaching]


def test_a_value_that_fewer_must_breach_for_is_enough() -> None:
    two_of_three = replace(ALARM, to_alarm=2)
    assert state(two_of_three, "0 X 0 X") == "ALARM"
    assert state(two_of_three, "0 0 0 X") == "OK"


@pytest.mark.parametrize(
    ("statistic", "found"),
    [("Average", 2), ("Maximum", 3), ("Minimum", 1), ("SampleCount", 2), ("Sum", 4)],
)
def test_a_statistic_is_of_all_values_of_a_period(statistic: str, found: int) -> None:
    measured = [(NOW - 1, 1.0), (NOW - 59, 3.0), (NOW - 61, 9.0)]
    one = replace(ALARM, statistic=statistic, periods=1, to_alarm=1, threshold=found)
    above = replace(one, operator="GreaterThanOrEqualToThreshold")
    assert state_of(above, measured, now=NOW, state="OK") == "ALARM"
    assert state_of(one, measured, now=NOW, state="OK") == "OK"


def test_a_new_alarm_that_warms_up_waits_for_a_value_in_each_period() -> None:
    new = replace(ALARM, missing="breaching", warm_from=NOW + 1)
    assert state(new, "- - -") == "INSUFFICIENT_DATA"
    assert state(new, "X X X") == "ALARM"
    assert state(replace(new, warm_from=NOW), "- - -") == "ALARM"
