"""CloudWatch: metrics out of functions' logs, and alarms as they are at an hour that can be set."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.cloudwatch.evaluation import OPERATORS, Alarm, State, state_of
from emulator.engine import Emulator
from emulator.ministack.stacks import Created, Properties, ResourceType, Where

_DAY, _WEEK, _HOUR = 86_400, 604_800, 3_600
_SHORT_PERIODS = (10, 20, 30)


class CloudWatch:
    """Its clock goes as the machine's does, and can be set forward."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._ahead = 0.0
        emulator.metrics.decide_alarms_with(self._state)
        emulator.metrics.date_with(self.now)
        own = emulator.stacks.resource_type("AWS::CloudWatch::Alarm")

        def kept(created: Created, properties: Properties, since: float) -> Created:
            record = emulator.store("cloudwatch", "_alarms")[created[0]]
            record["WarmUpConfiguration"] = properties.get("WarmUpConfiguration") or {}
            record["WarmUpSince"] = since
            emulator.metrics.evaluate_alarms()
            return created

        def create(logical_id: str, properties: Properties, stack: str) -> Created:
            _check(properties)
            created = own.create(logical_id, _unmeasured(properties), stack)
            return kept(created, properties, self.now())

        def update(name: str, old: Properties, new: Properties, where: Where) -> Created:
            _check(new)
            since = emulator.store("cloudwatch", "_alarms")[name]["WarmUpSince"]
            changed = own.change(name, _unmeasured(old), _unmeasured(new), where)
            return kept(changed, new, since)

        emulator.stacks.handle("AWS::CloudWatch::Alarm", ResourceType(create, own.delete, update))

    def now(self) -> float:
        """Seconds since 1970, as CloudWatch has it."""
        return time.time() + self._ahead

    def let_time_pass(self, given: Mapping[str, float]) -> dict[str, str]:
        """So many `seconds`, in which nothing is measured."""
        self._ahead += given["seconds"]
        self._emulator.metrics.evaluate_alarms()
        return {}

    def take_from_log(self, log: str) -> None:
        """Measure what a function's log says in the embedded metric format.

        Source: Amazon CloudWatch user guide, "Specification: Embedded metric format".
        """
        for record in _embedded(log):
            for directive in record["_aws"]["CloudWatchMetrics"]:
                for names in directive["Dimensions"]:
                    dimensions = {name: str(record[name]) for name in names}
                    for metric in directive["Metrics"]:
                        self._emulator.metrics.measure(
                            directive["Namespace"],
                            metric["Name"],
                            float(record[metric["Name"]]),
                            dimensions,
                            at=self.now(),
                        )
        self._emulator.metrics.evaluate_alarms()

    def _state(self, record: dict[str, Any], values: list[tuple[float, float]]) -> State:
        return state_of(Alarm.of(record), values, now=self.now(), state=record["StateValue"])


def _embedded(log: str) -> Iterator[dict[str, Any]]:
    for line in log.splitlines():
        if line.startswith("{") and '"_aws"' in line:
            yield json.loads(line)


def _unmeasured(properties: Properties) -> Properties:
    """An alarm on an expression as one on a metric that has no value: nothing computes it here."""
    if "Metrics" not in properties:
        return properties
    kept = {name: value for name, value in properties.items() if name != "Metrics"}
    return kept | {"Namespace": "Expression", "MetricName": "-", "Statistic": "Maximum"}


def _check(properties: Properties) -> None:
    """ValueError unless CloudWatch takes an alarm of these properties.

    Source: Amazon CloudWatch API reference, PutMetricAlarm.
    """
    operator = properties["ComparisonOperator"]
    if operator not in OPERATORS:
        raise ValueError(f"ComparisonOperator {operator}: not without a model of anomalies")
    queries: list[Properties] = properties.get("Metrics") or []
    told = [one for one in queries if one.get("ReturnData", True)]
    if queries and (len(told) != 1 or "Period" in properties or "MetricName" in properties):
        raise ValueError(
            "Metrics: exactly one has ReturnData, and Period and MetricName are its own"
        )
    # An expression's period may be left to the metrics that it is computed from.
    own = [properties, *(one | one.get("MetricStat", {}) for one in told or queries)]
    [period] = {int(one["Period"]) for one in own if "Period" in one}
    periods = int(properties["EvaluationPeriods"])
    if period not in _SHORT_PERIODS and (period < 60 or period % 60):
        raise ValueError(f"Period {period}: 10, 20, 30 or a multiple of 60")
    longest = _DAY if period < _HOUR else _WEEK
    if period * periods > longest:
        raise ValueError(
            f"EvaluationPeriods {periods} times Period {period}: not more than {longest} seconds"
        )
    if not 1 <= int(properties.get("DatapointsToAlarm", periods)) <= periods:
        raise ValueError(f"DatapointsToAlarm: 1 to EvaluationPeriods {periods}")
