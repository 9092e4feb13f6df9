"""Somebody is told of every alarm."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation
from review.templates.alarms import watched


def violations(subject: Subject) -> Iterator[Violation]:
    """Each alarm without an action."""
    for alarm in subject.access.assembly.of_type("AWS::CloudWatch::Alarm"):
        if not alarm.properties.get("AlarmActions"):
            yield Violation(
                message=f"nobody is told of {watched(alarm)}: declare "
                "alarms.topic_arn, or alarms.nobody_because",
                resource=alarm,
                level="warning",
            )
