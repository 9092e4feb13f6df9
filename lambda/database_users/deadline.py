"""The time that a run has."""

import time
from dataclasses import dataclass

from database_users.errors import BudgetError


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which the run has to be over, on the monotonic clock."""

    at: float

    def left(self) -> float:
        """Seconds left.

        Raises:
            BudgetError: there are none.
        """
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise BudgetError(
                "the time for this run is over; what is done stays done, and the next run goes on"
                " from there"
            )
        return seconds
