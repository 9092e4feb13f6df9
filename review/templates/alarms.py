"""What an alarm of CloudWatch watches."""

from typing import Any, cast

from review.templates.assembly import Resource


def watched(alarm: Resource) -> str:
    """The metric's name, or what the expression in its place is called."""
    queries: Any = alarm.properties.get("Metrics")
    listed = cast("list[Any]", queries) if isinstance(queries, list) else []
    known = [cast("dict[str, Any]", one) for one in listed if isinstance(one, dict)]
    labels = [one["Label"] for one in known if one.get("ReturnData") and "Label" in one]
    return str(alarm.properties.get("MetricName") or next(iter(labels), "metrics"))
