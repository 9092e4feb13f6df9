"""Whether clients make sure of the server before they send it a token."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from local import bootstrap, impostor, pipeline
from local.airflow import Task
from local.deployment import Deployment
from local.progress import UnprovenError

# Loopback as well, so that the same port is free there.
IMPOSTOR = "127.0.0.2"


def an_untrusted_certificate_is_refused(deployment: Deployment) -> str:
    """Nothing connects to a server whose certificate is of an unknown authority.

    Neither Airflow, by the driver or by the engine, nor the function that sets up users.
    """
    with _untrusted_certificate(deployment):
        tasks = _every_way(deployment)
        plan = bootstrap.plan(deployment)
    _all_failed(tasks, because="certificate verify failed")
    if "certificate" not in plan.get("errorMessage", ""):
        raise UnprovenError(f"the function did not refuse the server's certificate: {plan}")
    return f"{len(tasks)} connections of Airflow's, and the function's"


def no_token_is_sent_without_tls(deployment: Deployment) -> str:
    """Airflow tells nothing to a server that does not do TLS."""
    with impostor.listening(IMPOSTOR, deployment.endpoint.port) as server:
        tasks = _every_way(deployment, variables={"PGHOSTADDR": IMPOSTOR})
    if server.tokens:
        raise UnprovenError(
            f"{len(server.tokens)} tokens were sent in the clear, to a server without TLS"
        )
    _all_failed(tasks, because="server does not support SSL")
    return f"{len(tasks)} connections of Airflow's"


def _every_way(deployment: Deployment, variables: dict[str, str] | None = None) -> list[Task]:
    """The tasks that open connections: the report's, and each connection's both ways."""
    report = pipeline.run_report(deployment, variables=variables)
    check = pipeline.check_connections(deployment, variables=variables)
    return [
        task
        for task in (*report.tasks, *check.tasks)
        if task.id.startswith(("summarise", "driver", "engine"))
    ]


def _all_failed(tasks: Iterable[Task], *, because: str) -> None:
    for task in tasks:
        if because not in task.error:
            raise UnprovenError(
                f"{task.id} did not refuse the server ({because}): {task.state} {task.error}"
            )


@contextmanager
def _untrusted_certificate(deployment: Deployment) -> Generator[None]:
    """The instance presents a certificate of an unknown authority, until left."""
    trusted = deployment.instance["CACertificateIdentifier"]
    _present(deployment, "untrusted")
    try:
        yield
    finally:
        _present(deployment, trusted)


def _present(deployment: Deployment, authority: str) -> None:
    deployment.account.client("rds").modify_db_instance(
        DBInstanceIdentifier=deployment.instance["DBInstanceIdentifier"],
        CACertificateIdentifier=authority,
        ApplyImmediately=True,
    )
