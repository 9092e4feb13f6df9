"""A grant taken away in a copy of the declaration, and given back."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local import cdk, declared, pipeline
from local.declared import AIRFLOW
from local.deployment import Deployment
from local.progress import Unproven

DATABASE = "reports"


@dataclass(frozen=True, kw_only=True)
class Revocation:
    """A grant of Airflow's that was taken away, and a session that was open while it was."""

    deployment: Deployment
    grant: declared.Grant
    session: psycopg.Connection


@contextmanager
def revoked(deployment: Deployment) -> Generator[Revocation]:
    """Take Airflow's grant away by deploying the access stack alone; give it back on leaving."""
    access = f"{deployment.declared.environment}-access"
    grant = deployment.declared.grant(AIRFLOW, DATABASE)
    directory, log = deployment.state / "revocation", deployment.log("revocation")
    declaration = declared.without(deployment.declaration, grant, directory=directory)
    assembly = directory / "cdk.out"
    cdk.synth(deployment.account, environment=str(declaration), to=assembly, log=log)
    changed = differing(deployment.assembly, assembly)
    if changed != [access]:
        raise Unproven(f"a change of access changes the stacks {changed}, not {access} alone")
    with deployment.identity(AIRFLOW).log_in(grant.user, grant.database) as session:
        session.execute("SELECT 1")
        cdk.deploy(deployment.account, assembly=assembly, stacks=[access], log=log)
        try:
            yield Revocation(deployment=deployment, grant=grant, session=session)
        finally:
            cdk.deploy(deployment.account, assembly=deployment.assembly, stacks=[access], log=log)


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
        raise Unproven(f"the open session of {grant.user} still answers")
    try:
        with airflow.log_in(grant.user, grant.database):
            pass
    except psycopg.OperationalError:
        return reason
    raise Unproven(f"{grant.user} can still log in")


def the_dag_fails_for_a_reason(revocation: Revocation) -> str:
    """The DAG fails where it used the grant, with an error that names the connection."""
    run = pipeline.run_report(revocation.deployment)
    [*errors] = run.errors
    if run.state != "failed" or len(errors) != 1:
        raise Unproven(f"the DAG run ended as {run.state} with the errors {errors}")
    if f"`{revocation.grant.connection_id}` isn't defined" not in errors[0]:
        raise Unproven(f"the DAG failed with an error that does not name the cause: {errors[0]}")
    return errors[0]


def _template(assembly: Path, name: str) -> str:
    file = assembly / f"{name}.template.json"
    return file.read_text() if file.exists() else ""
