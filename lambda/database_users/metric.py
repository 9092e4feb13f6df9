"""The metric of a check, as the log carries it to CloudWatch."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """What the alarm watches, as the event names it."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    def emit(self, value: int) -> None:
        """Prints `value` for CloudWatch to take out of the log.

        Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
        """
        directive = {
            "Namespace": self.namespace,
            "Dimensions": [list(self.dimensions)],
            "Metrics": [{"Name": self.name, "Unit": "Count"}],
        }
        record = {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            **self.dimensions,
            self.name: value,
        }
        print(json.dumps(record))
