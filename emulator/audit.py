"""Every decision on a call, as it was made."""

import json
import threading
import time
from pathlib import Path

from emulator.ministack.identities import Decision


class Calls:
    """Appends a JSON line for each decision."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._writing = threading.Lock()

    def record(self, decision: Decision) -> None:
        """Append one decision, with the time in seconds since 1970."""
        line = json.dumps({"time": time.time(), **vars(decision)})
        with self._writing:
            self._file.write(line + "\n")
