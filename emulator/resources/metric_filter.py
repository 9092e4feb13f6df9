"""Metric filters, whose patterns are refused as CloudWatch Logs refuses them.

Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters"; CloudWatch Logs API
reference, "PutMetricFilter".
"""

import re

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_LONGEST = 1024
# No group, no blank, no quote: a regular expression has these characters and no others.
_IN_REGEX = re.compile(r"[A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+.-]+")


def register(emulator: Emulator) -> None:
    """Check filters."""

    def check(new: Properties, _old: Properties | None) -> None:
        pattern: str = new["FilterPattern"]
        if len(pattern) > _LONGEST:
            raise ValueError(f"FilterPattern must have {_LONGEST} characters at most")
        if pattern.startswith("%") and not _IN_REGEX.fullmatch(pattern[1:-1]):
            raise ValueError(f"Invalid character(s) in term {pattern!r}")

    emulator.stacks.check("AWS::Logs::MetricFilter", properties=check)
