"""A grant taken away in a copy of the declaration, and given back."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from proof.airflow import Worker
from proof.declared import AIRFLOW, Grant, without
from proof.deployment import DECLARATION, Deployment, stacks
from proof.progress import UnprovenError
from proof.steps import pipeline


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """A grant that was taken away, and a session that was open while it was."""

    deployment: Deployment
    grant: Grant
    session: psycopg.Connection


@contextmanager
def revoked(deployment: Deployment) -> Generator[Revocation]:
    """Take a grant of Airflow's away by deploying the access stack alone; give it back at the end.

    Raises:
        UnprovenError: another stack would have to be deployed too.
    """
    grant = deployment.declared.grant(AIRFLOW, "reports")
    changed = without(DECLARATION, grant, directory=deployment.state / "revocation")
    before = _deployed(deployment)
    with deployment.identity(AIRFLOW).log_in(grant.user, grant.database) as session:
        session.execute("SELECT 1")
        deployment.make("diff", "access", environment=changed)
        after = _synthesized(deployment)
        try:
            _expect_only_access(deployment, before, after)
            yield Revocation(deployment=deployment, grant=grant, session=session)
        finally:
            deployment.make("deploy")


def _deployed(deployment: Deployment) -> dict[str, Any]:
    client = deployment.account.client("cloudformation")
    return {
        name: client.get_template(StackName=name)["TemplateBody"]
        for name in stacks(deployment.assembly)
    }


def _synthesized(deployment: Deployment) -> dict[str, Any]:
    return {
        name: json.loads((deployment.assembly / f"{name}.template.json").read_text())
        for name in stacks(deployment.assembly)
    }


def _expect_only_access(
    deployment: Deployment, before: dict[str, Any], after: dict[str, Any]
) -> None:
    access = f"{deployment.declared.environment}-access"
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if changed != {access}:
        raise UnprovenError(f"a change of access changes {sorted(changed)}, not {access} alone")


def the_open_session_is_gone(revocation: Revocation) -> str:
    """The session that was open was ended by the server, and no other can be opened."""
    grant, airflow = revocation.grant, revocation.deployment.identity(AIRFLOW)
    try:
        revocation.session.execute("SELECT 1")
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
    else:
        raise UnprovenError(f"the open session of {grant.user} still answers")
    try:
        with airflow.log_in(grant.user, grant.database):
            pass
    except psycopg.OperationalError:
        return reason
    raise UnprovenError(f"{grant.user} can still log in")


def the_dag_fails_for_a_reason(revocation: Revocation, worker: Worker | None = None) -> str:
    """The DAG fails where it used the grant, with an error that names the connection."""
    run = pipeline.run_report(revocation.deployment, worker)
    [*errors] = run.errors
    if run.state != "failed" or len(errors) != 1:
        raise UnprovenError(f"the DAG run ended as {run.state} with the errors {errors}")
    if f"`{revocation.grant.connection_id}` isn't defined" not in errors[0]:
        raise UnprovenError(
            f"the DAG failed with an error that does not name the cause: {errors[0]}"
        )
    return errors[0]
