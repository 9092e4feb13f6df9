"""CloudWatch's metrics and alarms."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.ministack.private import Ministack


class Metrics:
    """CloudWatch."""

    def __init__(self, ministack: Ministack) -> None:
        self._ministack = ministack

    def date_with(self, now: Callable[[], float]) -> None:
        """Call `now` for the time, in seconds since 1970, of what is measured."""

        def record(
            namespace: str,
            metric_name: str,
            value: float,
            _unit: str = "",
            dimensions: Mapping[str, str] | None = None,
        ) -> None:
            self.measure(namespace, metric_name, value, dimensions or {}, at=now())

        self._ministack.module("services.cloudwatch")["record_metric"] = record

    def measure(
        self, space: str, name: str, value: float, dimensions: Mapping[str, str], *, at: float
    ) -> None:
        """Add a value to a metric."""
        key = (
            space,
            name,
            self._ministack.get("services.cloudwatch", "_dims_key")(dict(dimensions)),
        )
        point = {"Timestamp": at, "Value": value, "Dimensions": dict(dimensions), "Unit": "Count"}
        with self._ministack.scope():
            self._ministack.store("cloudwatch", "_metrics").setdefault(key, []).append(point)

    def decide_alarms_with(
        self, decide: Callable[[dict[str, Any], list[tuple[float, float]]], str]
    ) -> None:
        """Call `decide` for an alarm's state, with its record and its metric's times and values.

        It is called by `evaluate_alarms`, and before anybody is told of alarms.
        """
        names = self._ministack.module("services.cloudwatch")
        describe = names["_describe_alarms"]

        def evaluate(alarm: dict[str, Any]) -> None:
            dimensions = names["_dims_key"](names["_dims_from_list"](alarm["Dimensions"]))
            key = (alarm["Namespace"], alarm["MetricName"], dimensions)
            points = self._ministack.store("cloudwatch", "_metrics").get(key, [])
            old, values = alarm["StateValue"], [(one["Timestamp"], one["Value"]) for one in points]
            new = decide(alarm, values)
            if new != old:
                reason = f"{len(values)} values; the last: {values[-1:]}"
                alarm |= {"StateValue": new, "StateReason": reason}
                names["_record_history"](alarm["AlarmName"], old, new, reason)
                names["_dispatch_alarm_actions"](alarm, old, new, reason)

        def evaluate_and_describe(*arguments: Any, **options: Any) -> Any:
            self.evaluate_alarms()
            return describe(*arguments, **options)

        names["_evaluate_alarm"] = evaluate
        names["_describe_alarms"] = evaluate_and_describe

    def evaluate_alarms(self) -> None:
        """Bring every alarm's state up to date."""
        with self._ministack.scope():
            for alarm in list(self._ministack.store("cloudwatch", "_alarms").values()):
                self._ministack.get("services.cloudwatch", "_evaluate_alarm")(alarm)
