"""What is compared regularly, and who is told."""

from pydantic import Field, field_validator, model_validator

from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.schedule import hours_between
from airflow_rds_iam.declaration.values import Because, Schedule, TopicArn


class DriftCheck(Model):
    """A regular comparison of the servers with the declaration."""

    schedule: Schedule = Field(
        default="rate(1 day)",
        description="When, by EventBridge Scheduler, once a day or more often: "
        "`Schedule.ScheduleExpression`.",
    )

    @field_validator("schedule")
    @classmethod
    def _what_is_missing_is_missed(cls, schedule: str) -> str:
        hours_between(schedule)
        return schedule


class Alarms(Model):
    """Who is told of an alarm, and of its end."""

    topic_arn: TopicArn | None = Field(
        default=None, description="SNS topic of every alarm: `Alarm.AlarmActions`."
    )
    nobody_because: Because | None = Field(
        default=None, description="Why there is none, which acknowledges the warning."
    )

    @model_validator(mode="after")
    def _somebody_or_nobody(self) -> "Alarms":
        if self.topic_arn and self.nobody_because:
            raise ValueError("must be a topic_arn or nobody_because, not both")
        return self
