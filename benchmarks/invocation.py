"""One invocation of the function, in a process that imports what Lambda would."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from database_users.desired import Database
from database_users.postgres.target import Target

# From the entry that Lambda calls. What `getrusage` tells may be that of the process that forked it
# (Linux manual, "getrusage": it is kept by an exec); VmHWM is this process's own.
_INVOCATION = """
import json, sys
from pathlib import Path
from database_users.handler import handle

class Context:
    def get_remaining_time_in_millis(self):
        return 3_600_000

handle(json.load(sys.stdin), Context())
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""


@dataclass(frozen=True)
class Invocation:
    """How long an invocation took, and its memory at the peak, in MiB."""

    seconds: float
    mebibytes: float


def invoked(target: Target, databases: Sequence[Database]) -> Invocation:
    """A first apply of `databases`; the authorities of `target` are those of the function.

    Raises:
        RuntimeError: with what the function said as it failed.
    """
    environment = {
        "DATABASE_HOST": target.host,
        "DATABASE_PORT": str(target.port),
        "MASTER_USER": target.user,
        "LAMBDA_TASK_ROOT": str(target.authorities.parent),
        "AWS_REGION": target.region,
    }
    properties = {"InstanceResourceId": "db-BENCH", "Databases": list(map(_property, databases))}
    event = {"RequestType": "Create", "ResourceProperties": properties}
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _INVOCATION],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    if done.returncode:
        raise RuntimeError(f"the function failed: {done.stderr}")
    mebibytes = int(done.stdout.splitlines()[-1]) / 1024
    return Invocation(time.perf_counter() - start, mebibytes)


def _property(database: Database) -> Mapping[str, Any]:
    values = {key: value for key, value in asdict(database).items() if value not in ((), None)}
    return {"".join(map(str.capitalize, key.split("_"))): value for key, value in values.items()}
