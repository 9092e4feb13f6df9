"""The access matrix of the templates, with what the deployed databases say of themselves."""

import json
from typing import Any

from proof.deployment import Deployment
from proof.environment import MASTER
from proof.progress import UnprovenError

USER = "airflow_orders_read"
MORE = "reports_writer"


def declaration_iam_and_databases_agree(deployment: Deployment) -> str:
    """Each row has one level in all three columns; a membership by hand is a disagreement."""
    rows = _matrix(deployment)
    differing = [row["user"] for row in rows if row["disagreements"] or not _agrees(row)]
    if differing:
        raise UnprovenError(f"declaration, IAM and databases disagree on {differing}")
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as connection:
        connection.execute(f"GRANT {MORE} TO {USER}".encode())
        try:
            marked = [
                row
                for row in _matrix(deployment)
                if row["user"] == USER and row["in_database"].startswith("differs")
            ]
        finally:
            connection.execute(f"REVOKE {MORE} FROM {USER}".encode())
    if not any(USER in one["detail"] and MORE in one["detail"] for one in _check_of(marked)):
        raise UnprovenError(f"{MORE}, granted to {USER} by hand, is not in the matrix: {marked}")
    return f"{len(rows)} rows; one that was granted more by hand is marked"


def _matrix(deployment: Deployment) -> list[dict[str, Any]]:
    deployment.make("matrix")
    return json.loads((deployment.assembly / "review/matrix.json").read_text())["rows"]


def _agrees(row: dict[str, Any]) -> bool:
    declared = row["declared"] == row["level"] or row["user"] == MASTER
    return declared and row["iam"] == "allowed" and row["in_database"] == row["level"]


def _check_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for row in rows for one in row["evidence"] if "check" in one["logical_id"]]
