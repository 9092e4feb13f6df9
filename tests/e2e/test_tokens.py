"""Nothing that Airflow keeps or shows holds a token, whether logins work or are refused."""

import json
from dataclasses import replace

from proof import failed_runs
from proof.airflow import Airflow
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.faults import roles
from proof.steps.faults import TOKEN, scene
from proof.steps.pipeline import LOGICAL_DATE


def test_a_login_that_is_refused_in_any_way_leaves_no_token(
    deployment: Deployment, one: Airflow
) -> None:
    whose = scene(deployment, AIRFLOW)
    conf = {"connection_ids": [whose.grant.connection_id]}
    # In a session of the proof's, whose denied calls are meant.
    signing = deployment.account.variables(deployment.identity(AIRFLOW).credentials)
    proving = replace(one, variables=one.variables | signing)
    with roles.no_policy(whose), proving.worker() as worker:
        run = worker.run("connection_check", logical_date=LOGICAL_DATE, conf=conf)
    refused = [error for error in run.errors if "PAM authentication failed" in error]
    assert len(refused) == 3, run.errors
    assert not TOKEN.search(str(run))
    kept = [one.log, *(path for path in one.home.rglob("*") if path.suffix in {".log", ".db"})]
    held = {path: path.read_text(errors="replace") for path in kept}
    assert any("PAM authentication failed" in text for text in held.values())
    assert [path for path, text in held.items() if TOKEN.search(text)] == []


def test_the_user_interface_shows_no_connection_and_no_token(deployment: Deployment) -> None:
    with deployment.airflow.worker() as worker:
        for dag in ("orders_report", "connection_check"):
            ids = [
                one.connection_id for one in deployment.declared.grants if one.identity == AIRFLOW
            ]
            conf = {"connection_ids": ids} if dag == "connection_check" else None
            worker.run(dag, logical_date=LOGICAL_DATE, conf=conf)
    with deployment.airflow.user_interface() as url:
        token = failed_runs.call(f"{url}/auth/token")["access_token"]
        # Its connections are in Secrets Manager, which the page does not read.
        connections = failed_runs.call(f"{url}/api/v2/connections", token)
        assert connections["connections"] == []
        runs = f"{url}/api/v2/dags/~/dagRuns/~/taskInstances"
        tasks = failed_runs.call(f"{runs}?limit=100", token)["task_instances"]
        shown = [json.dumps(tasks)]
        for task in tasks:
            at = f"{url}/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances"
            entries = f"{at}/{task['task_id']}/xcomEntries?map_index={task['map_index']}"
            found = failed_runs.call(entries, token)
            shown.append(json.dumps(found))
            for entry in found["xcom_entries"]:
                value = f"{at}/{task['task_id']}/xcomEntries/{entry['key']}"
                asked = f"{value}?map_index={task['map_index']}"
                shown.append(json.dumps(failed_runs.call(asked, token)))
    assert any(task["rendered_fields"] for task in tasks)
    assert any("airflow_orders_read" in text for text in shown)
    assert [text for text in shown if TOKEN.search(text)] == []
