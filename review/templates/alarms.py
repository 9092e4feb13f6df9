"""What an alarm of CloudWatch watches."""

from typing import Any

from review.templates.assembly import Resource


def watched(alarm: Resource) -> str:
    """The metric's name, or what the expression in its place is called."""
    queries: list[dict[str, Any]] = alarm.properties.get("Metrics") or []
    labels = [one["Label"] for one in queries if one.get("ReturnData") and "Label" in one]
    return alarm.properties.get("MetricName") or next(iter(labels), "metrics")
