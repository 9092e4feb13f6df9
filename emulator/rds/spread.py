"""The time that a new policy takes to be known where RDS checks tokens."""

import threading
import time
from collections.abc import Mapping

from emulator.ministack.identities import Decision


class Spread:
    """Gives each answer about a login the time to become known; none, unless told.

    Where nothing was asked before, the answer so far was no.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._known: dict[tuple[str, str], bool] = {}
        self._since: dict[tuple[str, str], float] = {}
        self._deciding = threading.Lock()

    def take(self, given: Mapping[str, float]) -> dict[str, str]:
        """Take so many `seconds` from now on."""
        self._seconds = given["seconds"]
        return {}

    def allows(self, decision: Decision) -> bool:
        """What is known of the decision, which was made now."""
        asked = (decision.principal, decision.resource)
        with self._deciding:
            known = self._known.get(asked, False)
            if decision.allowed == known:
                self._since.pop(asked, None)
                return known
            since = self._since.setdefault(asked, time.monotonic())
            if time.monotonic() - since < self._seconds:
                return known
            self._known[asked] = decision.allowed
            return decision.allowed
