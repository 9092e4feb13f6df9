"""Runs DAGs in one real Airflow process, as a worker of Amazon MWAA would; see `proof.airflow`.

It is run by Airflow's own interpreter and environment, and imports nothing of this project. A line
on standard input is a run to make; a line on standard output is what became of it. Everything that
Airflow prints goes to standard error.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.configuration import conf as settings
from airflow.listeners import hookimpl
from airflow.models import TaskInstance

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
try:
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.sdk.listener import get_listener_manager

    date_parameter = "logical_date"
except ImportError:  # Airflow 2
    # A run that is made again is cleared first, with its notes, which name users.
    import airflow.providers.fab.auth_manager.models  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from airflow.listeners.listener import get_listener_manager
    from airflow.models.dagbag import DagBag

    date_parameter = "execution_date"

    def BundleDagBag(folder: Path, **_: Any) -> Any:  # noqa: N802
        """As Airflow 3 has it."""
        return DagBag(folder)


class FailureListener:
    """Keeps the error of each task that failed, by (task id, map index)."""

    def __init__(self) -> None:
        self.errors: dict[tuple[str, int], str] = {}

    @hookimpl
    def on_task_instance_failed(
        self, task_instance: Any, error: BaseException | str | None
    ) -> None:
        """Called by Airflow."""
        name = f"{type(error).__name__}: " if isinstance(error, BaseException) else ""
        index = -1 if task_instance.map_index is None else task_instance.map_index
        self.errors[task_instance.task_id, index] = name + str(error).strip()


def dag_bag() -> Any:
    """The DAGs of Airflow's folder as it is now: read as Airflow reads them, beside one another."""
    folder = Path(settings.get_mandatory_value("core", "dags_folder"))
    return BundleDagBag(folder, bundle_path=folder)


def run(
    dag_id: str, logical_date: str, conf: dict[str, Any] | None, variables: dict[str, str]
) -> dict[str, Any]:
    """Runs a DAG once.

    Args:
        dag_id: the DAG, looked up in Airflow's DAG folder as it is now.
        logical_date: the run's logical date, ISO 8601 with its offset.
        conf: values for the DAG's params.
        variables: what changes in the environment for this run.

    Returns:
        `state` of the run, and `tasks`: each with `task_id`, `map_index` (-1 if it is not mapped),
        `state`, `result` (what it returned) and `error` (its exception's name and text).
    """
    dags = dag_bag()
    if dag_id not in dags.dags:
        broken = json.dumps(dags.import_errors, indent=1)
        raise LookupError(f"no dag {dag_id!r} in {dags.dag_folder}; import errors: {broken}")
    listener = FailureListener()
    get_listener_manager().add_listener(listener)
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        when = {date_parameter: datetime.fromisoformat(logical_date)}
        dag_run = dags.dags[dag_id].test(**when, run_conf=conf)
    finally:
        os.environ.clear()
        os.environ.update(before)
        get_listener_manager().pm.unregister(listener)

    def outcome(task: TaskInstance) -> dict[str, Any]:
        return {
            "task_id": task.task_id,
            "map_index": task.map_index,
            "state": str(task.state),
            "result": task.xcom_pull(task_ids=task.task_id, map_indexes=task.map_index),
            "error": listener.errors.get((task.task_id, task.map_index), ""),
        }

    return {
        "state": str(dag_run.state),
        "tasks": [outcome(task) for task in dag_run.get_task_instances()],
    }


def main() -> None:
    """Answer each line of standard input until it ends."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1) as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            answer: dict[str, Any]
            try:
                answer = run(**json.loads(line))
            except Exception as error:  # whatever it is, the one who asked must hear of it
                answer = {"state": "error", "tasks": [], "error": f"{error!r}"}
            print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
