"""The metrics of a check, as the log carries them to CloudWatch."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the alarms watch, as the event names it."""

    namespace: str
    dimensions: Mapping[str, str]
    statements: str
    unread: str

    def emit(self, *, statements: int, unread: int) -> None:
        """Prints how many statements are outstanding and databases unread.

        CloudWatch takes them out of the log.

        Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
        """
        values = {self.statements: statements, self.unread: unread}
        directive = {
            "Namespace": self.namespace,
            "Dimensions": [list(self.dimensions)],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
        }
        record = {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            **self.dimensions,
            **values,
        }
        print(json.dumps(record))
