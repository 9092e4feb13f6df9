"""How long a schedule of EventBridge Scheduler may leave nothing to be heard."""

import re

DAY = 24
_HOURS = {"minute": 1 / 60, "hour": 1, "day": DAY}
_EVERY = {"*", "?"}


def hours_between(schedule: str) -> int:
    """The most hours between two times of ``schedule``, rounded up; a day for ``cron(…)``.

    Source: EventBridge Scheduler user guide, "Schedule types on EventBridge Scheduler".

    Raises:
        ValueError: it may be longer than a day.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule)
    if rate:
        hours = int(rate[1]) * _HOURS[rate[2]]
    else:
        _, _, *days = schedule.removeprefix("cron(").removesuffix(")").split()
        hours = DAY if _EVERY.issuperset(days) else DAY + 1
    if hours > DAY:
        raise ValueError(
            "must come once a day at least, such as rate(1 day) or cron(0 6 * * ? *): the alarm "
            "that says that no check has run looks no further back"
        )
    return max(1, -int(-hours // 1))
