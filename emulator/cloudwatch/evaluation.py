"""The state that an alarm is in, decided as CloudWatch decides it.

Source: Amazon CloudWatch user guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat
missing data", "Alarm evaluation window", "Alarm warm-up periods".
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

# CloudWatch looks at some periods more than it evaluates, in case a value is late. How many it does
# not say; these are those of the guide's example.
FURTHER_PERIODS = 2

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: sum(values) / len(values),
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": sum,
}


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """What a metric alarm is made of; times in seconds, `warm_from` since 1970."""

    statistic: str
    period: int
    periods: int
    to_alarm: int
    """How many of the periods must breach."""
    operator: str
    threshold: float
    missing: str
    """`TreatMissingData`."""
    warm_from: float = 0
    """Until when it is not evaluated, unless there is a value in each period before."""

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Alarm":
        """The alarm that DescribeAlarms answers."""
        warm_up: Mapping[str, Any] = record.get("WarmUpConfiguration") or {}
        minutes = float(warm_up.get("WarmUpPeriodDurationInMinutes", 0))
        return cls(
            statistic=record["Statistic"],
            period=int(record["Period"]),
            periods=int(record["EvaluationPeriods"]),
            to_alarm=int(record.get("DatapointsToAlarm") or record["EvaluationPeriods"]),
            operator=record["ComparisonOperator"],
            threshold=float(record["Threshold"]),
            missing=record.get("TreatMissingData") or "missing",
            warm_from=float(record.get("WarmUpSince", 0)) + 60 * minutes,
        )


def state_of(
    alarm: Alarm, values: Sequence[tuple[float, float]], *, now: float, state: State
) -> State:
    """The state of `alarm` at the time `now`, when it was in `state` before.

    Args:
        alarm: the alarm.
        values: each a time and what was measured then.
        now: seconds since 1970.
        state: what is kept where the alarm ignores missing data.
    """
    windows = [
        [value for time, value in values if 0 <= now - alarm.period * index - time < alarm.period]
        for index in range(alarm.periods + FURTHER_PERIODS)
    ]
    if now < alarm.warm_from and not all(windows[: alarm.periods]):
        return "INSUFFICIENT_DATA"
    measured = [STATISTICS[alarm.statistic](window) for window in windows if window]
    breaches = OPERATORS[alarm.operator]
    known = [breaches(value, alarm.threshold) for value in measured[: alarm.periods]]
    bad, unknown = sum(known), alarm.periods - len(known)
    if bad >= alarm.to_alarm or (alarm.missing == "breaching" and bad + unknown >= alarm.to_alarm):
        return "ALARM"
    if alarm.missing == "ignore" and bad + unknown >= alarm.to_alarm:
        return state
    if alarm.missing == "missing" and not known:
        return "INSUFFICIENT_DATA"
    # Too few values, and each of them breaches.
    return "ALARM" if alarm.missing == "missing" and bad + unknown > bad == len(known) else "OK"
