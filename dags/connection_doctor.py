"""Tells why a DAG cannot reach its database: for the night when one failed.

Trigger it with the ids of the connections. Each is looked into step by step, with the role that
Airflow has, until one step explains the rest: who asks, for which region, the name, the port, the
certificate, the clock, the permission, the login, the user, the connections that are left. A task
fails with what is wrong, what it means and what to change; its log has every step.
"""

from typing import Any

from asked_connections import PARAMS, connection_ids
from authoring import DAG, task

with DAG(
    "connection_doctor",
    schedule=None,
    params=PARAMS,  # pyright: ignore[reportArgumentType] (Airflow converts it)
    tags=["diagnostic"],
    doc_md=__doc__,
):

    @task
    def diagnosis(connection_id: str) -> dict[str, Any]:
        # Only now: a DAG that is parsed has no use for it.
        from doctor.airflow_connection import diagnosed

        found = diagnosed(connection_id)
        print(found.text())
        if found.culprit:
            raise RuntimeError(found.summary)
        return found.as_json()

    diagnosis.expand(connection_id=connection_ids())
