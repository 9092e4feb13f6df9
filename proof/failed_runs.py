"""DAG runs that failed because a proof had them fail: nothing that Airflow should greet with."""

import json
import urllib.parse
import urllib.request
from typing import Any

AT_ONCE = 100
"""The most runs that Airflow's API lists in an answer."""


def forget(url: str) -> int:
    """Delete the failed runs of the Airflow whose API is at ``url``, through that API.

    Returns:
        How many there were.
    """
    token = call(f"{url}/auth/token")["access_token"]
    failed = f"{url}/api/v2/dags/~/dagRuns?state=failed&limit={AT_ONCE}"
    forgotten = 0
    while runs := call(failed, token)["dag_runs"]:
        for run in runs:
            name = urllib.parse.quote(run["dag_run_id"], safe="")
            call(f"{url}/api/v2/dags/{run['dag_id']}/dagRuns/{name}", token, method="DELETE")
        forgotten += len(runs)
    return forgotten


def call(url: str, token: str = "", *, method: str = "GET") -> Any:
    """What the API answers to somebody who has one of its tokens, or asks for one."""
    request = urllib.request.Request(  # noqa: S310 our own Airflow's, on loopback
        url, method=method, headers={"Authorization": f"Bearer {token}"} if token else {}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")
