"""Whether clients verify the server: it presents a certificate that nobody vouches for."""

from collections.abc import Generator
from contextlib import contextmanager

from local import pipeline
from local.deployment import Deployment
from local.progress import UnprovenError


def airflow_verifies_the_server(deployment: Deployment) -> str:
    """With an untrusted certificate no connection opens, by the driver or by the engine."""
    with untrusted_certificate(deployment):
        report, check = pipeline.run_report(deployment), pipeline.check_connections(deployment)
    if report.state != "failed":
        raise UnprovenError(
            "the DAG sent its token to a server whose certificate nobody vouches for"
        )
    opened = [
        task.id
        for task in check.tasks
        if task.id.startswith(("driver", "engine")) and task.state != "failed"
    ]
    if opened:
        raise UnprovenError(f"opened despite the server's certificate: {', '.join(opened)}")
    others = [
        error
        for error in (*report.errors, *check.errors)
        if "certificate verify failed" not in error
    ]
    if others:
        raise UnprovenError(f"failed, but not on the certificate: {others[0]}")
    return f"{len(check.errors) + len(report.errors)} connections refused"


@contextmanager
def untrusted_certificate(deployment: Deployment) -> Generator[None]:
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
