"""Tries again what may succeed a moment later."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from database_users.deadline import Deadline
from rds_login.causes import ServerError

ATTEMPTS = 5

log = logging.getLogger("database_users")
T = TypeVar("T")


def retried(action: Callable[[], T], deadline: Deadline) -> T:
    """What `action` returns, tried within bounds while its errors are transient.

    Raises:
        ServerError: that of the last attempt, or one that is not transient.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except ServerError as error:
            if not error.transient or attempt == ATTEMPTS:
                raise
            log.warning("%s; trying again (%d of %d)", error, attempt, ATTEMPTS - 1)
            pause = 2**attempt * random.uniform(0.1, 0.2)  # noqa: S311
            time.sleep(min(pause, deadline.left()))
    raise AssertionError("unreachable")
