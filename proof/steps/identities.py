"""Identities of every kind that can be played here: who gets in as them, and who does not."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
from botocore.exceptions import ClientError

from proof import kinds
from proof.declared import AIRFLOW, Grant, read, with_identities
from proof.deployment import DECLARATION, Deployment
from proof.kinds import IDENTITIES, PARTNER, TASK
from proof.logins import Identity
from proof.progress import UnprovenError
from proof.steps.pipeline import LOGICAL_DATE
from proof.steps.refusals import NO_POLICY, UNKNOWN
from proof.steps.takings import takings


def added(deployment: Deployment) -> Deployment:
    """Deploy the declaration with an identity of each kind beside its own."""
    wider = with_identities(
        DECLARATION, IDENTITIES, kinds.DATABASES, directory=deployment.state / "identities"
    )
    # The other account has its role before anybody here trusts it.
    kinds.role_elsewhere(deployment.account, IDENTITIES[PARTNER]["other_account"]["role_arn"])
    deployment.make("deploy", environment=wider)
    return replace(deployment, declared=read(wider))


def tasks_log_in_by_a_role_of_their_own(deployment: Deployment) -> str:
    """Airflow's connection for DAGs that are kept apart is the user that its role alone may be."""
    grant = deployment.declared.grant(TASK, "payroll")
    ids = [f"{grant.connection_id}_{TASK}"]
    run = deployment.worker.run(
        "connection_check", logical_date=LOGICAL_DATE, conf={"connection_ids": ids}
    )
    found = [task.result for task in run.tasks if task.id == "driver[0]"]
    if run.state != "success" or found != [[grant.user, grant.database]]:
        raise UnprovenError(f"the run ended as {run.state}, as {found}: {'; '.join(run.errors)}")
    role = deployment.declared.made_role_arn(TASK).rpartition("/")[2]
    logins = {
        call.session
        for call in deployment.account.calls()
        if call.role == role and call.action == "rds-db:connect" and call.allowed
    }
    if logins != {kinds.task_session(TASK)}:
        raise UnprovenError(f"the logins of {role} are of the sessions {logins}")
    return f"{grant.user}, by {role}/{kinds.task_session(TASK)}"


def nobody_else_takes_their_roles(deployment: Deployment) -> str:
    """Each who lacks one thing that a role's trust asks for is refused it, for that reason."""
    made = [*takings(deployment)]
    for one in made:
        role_arn = deployment.declared.made_role_arn(one.identity)
        try:
            one.take(role_arn, session=one.session)
        except ClientError as error:
            if f"({one.reason})" not in str(error):
                raise UnprovenError(f"{role_arn} by {one.what}: {error}") from error
        else:
            raise UnprovenError(f"{role_arn} is given by {one.what}")
    return f"{len(made)} ways"


def nobody_else_logs_in_as_them(deployment: Deployment) -> str:
    """Who signs without having taken the role is refused by the server, for that reason."""
    made = [*_logins(deployment)]
    for what, identity, grant, reason in made:
        try:
            with identity.log_in(grant.user, grant.database):
                pass
        except psycopg.OperationalError as error:
            logged = deployment.server_log("iam-db-auth-error")[-1]
            if reason not in logged:
                raise UnprovenError(f"{what} as {grant.user}: {error}, logged {logged}") from error
        else:
            raise UnprovenError(f"{what} is let in as {grant.user}")
    return f"{len(made)} ways"


def _logins(deployment: Deployment) -> Iterator[tuple[str, Identity, Grant, str]]:
    """Who signs, as whose user, and part of what the server's log says."""
    airflow = deployment.identity(AIRFLOW)
    task = deployment.declared.grant(TASK, "payroll")
    partner = deployment.declared.grant(PARTNER, "orders")
    yield "the execution role itself", airflow, task, NO_POLICY
    yield "the role of tasks", deployment.identity(TASK), partner, NO_POLICY
    theirs = IDENTITIES[PARTNER]["other_account"]["role_arn"]
    outside = replace(airflow, credentials=kinds.role_elsewhere(deployment.account, theirs))
    yield "the other account's role itself", outside, partner, UNKNOWN
