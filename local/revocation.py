"""A grant taken away in a copy of the declaration, and given back."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local import cdk, pipeline
from local.declared import AIRFLOW, Grant
from local.deployment import Deployment
from local.progress import UnprovenError


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
    grant, without = deployment.revocation
    without.finish()
    access = f"{deployment.declared.environment}-access"
    changed = differing(deployment.assembly, without.assembly)
    if changed != [access]:
        raise UnprovenError(f"a change of access changes the stacks {changed}, not {access} alone")

    def deploy(assembly: Path) -> None:
        log = deployment.log("revocation")
        cdk.deploy(deployment.account, assembly=assembly, stacks=[access], log=log)

    with deployment.identity(AIRFLOW).log_in(grant.user, grant.database) as session:
        session.execute("SELECT 1")
        deploy(without.assembly)
        try:
            yield Revocation(deployment=deployment, grant=grant, session=session)
        finally:
            deploy(deployment.assembly)


def differing(before: Path, after: Path) -> list[str]:
    """The stacks whose templates are not the same in two assemblies."""
    return [
        name
        for name in sorted({*cdk.stacks(before), *cdk.stacks(after)})
        if _template(before, name) != _template(after, name)
    ]


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


def the_dag_fails_for_a_reason(revocation: Revocation) -> str:
    """The DAG fails where it used the grant, with an error that names the connection."""
    run = pipeline.run_report(revocation.deployment)
    [*errors] = run.errors
    if run.state != "failed" or len(errors) != 1:
        raise UnprovenError(f"the DAG run ended as {run.state} with the errors {errors}")
    if f"`{revocation.grant.connection_id}` isn't defined" not in errors[0]:
        raise UnprovenError(
            f"the DAG failed with an error that does not name the cause: {errors[0]}"
        )
    return errors[0]


def _template(assembly: Path, name: str) -> str:
    file = assembly / f"{name}.template.json"
    return file.read_text() if file.exists() else ""
