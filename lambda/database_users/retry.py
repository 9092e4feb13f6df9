"""Tries again what may succeed a moment later."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from database_users.deadline import Deadline
from rds_login.causes import (
    NoConnectionLeftError,
    RefusedTokenError,
    ServerError,
    UnansweredLoginError,
)

ATTEMPTS = 5
# IAM gives no bound for how long a new policy takes to be known everywhere (IAM User Guide,
# "Troubleshoot IAM", "Changes that I make are not always immediately visible"): seconds, as seen.
SPREAD_SECONDS = 60.0
SPREAD_PAUSE_SECONDS = 3.0
FULL_SECONDS = 20.0
FULL_PAUSE_SECONDS = 0.2

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


def admitted(login: Callable[[], T], deadline: Deadline) -> T:
    """What `login` returns, tried while no connection is left: those of this run end soon.

    Raises:
        NoConnectionLeftError: nobody has given one up.
        UnansweredLoginError: who lets nobody in there is not waited for again.
        ServerError: any other, at once.
    """
    until = time.monotonic() + FULL_SECONDS
    while True:
        try:
            return login()
        except NoConnectionLeftError as error:
            if time.monotonic() > until:
                error.transient = False  # it has been waited for
                raise
            time.sleep(min(FULL_PAUSE_SECONDS, deadline.left()))
        except UnansweredLoginError as error:
            error.transient = False
            raise


def spread(login: Callable[[], T], deadline: Deadline) -> T:
    """What `login` returns, tried until a policy that is new has had the time to be known.

    Raises:
        RefusedTokenError: the token is still refused; it says how long that was waited for.
        ServerError: any other, at once.
    """
    begun = time.monotonic()
    while True:
        waited = time.monotonic() - begun
        try:
            session = login()
        except RefusedTokenError as error:
            if waited + SPREAD_PAUSE_SECONDS > min(SPREAD_SECONDS, waited + deadline.left()):
                raise RefusedTokenError(
                    f"{error}; it was refused for {waited:.0f} seconds, in which a new policy "
                    "becomes known"
                ) from None
            log.warning("%s; trying again, as the policy may be new", error)
            time.sleep(SPREAD_PAUSE_SECONDS)
        else:
            if waited >= SPREAD_PAUSE_SECONDS:
                log.info("the token was taken after %.0f seconds", waited)
            return session
