"""The login that one of Airflow's connections makes, diagnosed inside Airflow."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.postgres.hooks import postgres
from botocore.exceptions import NoCredentialsError

from doctor.answer import failed
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence import SECONDS, Evidence
from doctor.settings import PLAIN, settings
from doctor.subject import Subject

PORT = 5432
_WRONG = ("connection", "wrong-aws-connection")


def diagnosed(connection_id: str) -> Diagnosis:
    """Look into the login of a connection, as the role that Airflow has."""
    try:
        connection: Any = postgres.PostgresHook.get_connection(connection_id)
    # Of another class in each version of Airflow, and a secret's refusal is among them.
    except Exception as error:
        answer = failed("no-connection", f"{connection_id}: {error}")
        return Diagnosis(
            title=connection_id,
            login=f"The login of {connection_id}",
            answers={"connection": answer},
            place=f"the secret of the connection {connection_id}, which make access writes",
        )
    aws_conn_id = connection.extra_dejson.get("aws_conn_id", "aws_default")
    try:
        session = AwsBaseHook(aws_conn_id=aws_conn_id, client_type="rds").get_session()
    # An AWS connection may say anything: TypeError and NotImplementedError are among these.
    except Exception as error:
        said = " ".join(str(error).split())
        assuming = getattr(error, "operation_name", "").startswith("AssumeRole")
        step, key = ("identity", "refused-role") if assuming else _WRONG
        if isinstance(error, NoCredentialsError):
            step, key = "identity", "no-credentials"
        return Diagnosis(
            title=connection_id,
            login=f"The login of {connection_id}",
            answers={step: failed(key, said)},
            place=f"the AWS connection {aws_conn_id}",
        )
    subject = Subject(
        title=connection_id,
        host=connection.host or "",
        port=connection.port or PORT,
        database=connection.schema or "",
        user=connection.login or "",
        region=session.region_name,
        authorities=connection.extra_dejson.get("sslrootcert", ""),
        via=_via(connection),
    )
    answer = settings(
        subject,
        connection.extra_dejson,
        missing=_missing,
        refused=_refused,
        kind=connection.conn_type,
    )
    found = diagnose(Evidence(subject, session), {"connection": answer})
    more = connection.extra_dejson.keys() - PLAIN
    if found.culprit or not more or (why := _otherwise(connection_id, subject)) is None:
        return found
    answer = failed("other-options", f"with {', '.join(sorted(more))} in its extra: {why}")
    answers = {**found.answers, "connection": answer}
    return replace(found, answers=answers, place=f"the connection {connection_id}")


def _otherwise(connection_id: str, subject: Subject) -> str | None:
    """What the login that Airflow's driver makes is, unless it is the one that the doctor made."""
    hook: Any = postgres.PostgresHook(connection_id)
    extra = {"connect_timeout": SECONDS, **hook.connection.extra_dejson}
    hook.connection.extra = json.dumps(extra)
    try:
        with closing(hook.get_conn()) as session, closing(session.cursor()) as cursor:
            cursor.execute("SELECT session_user::text AS one, current_database()::text AS other")
            row: Any = cursor.fetchone()
    # The driver's, the hook's, AWS's: whatever a task would fail with.
    except Exception as error:
        return " ".join(str(error).split()) or type(error).__name__
    user, database = row.values() if isinstance(row, Mapping) else row
    if (user, database) == (subject.user, subject.database):
        return None
    return f"the driver logs in as {user} to {database}"


def _via(connection: Any) -> tuple[str, int] | None:
    """Where libpq goes in the place of the host, as its option `hostaddr` says."""
    address = connection.extra_dejson.get("hostaddr")
    return (address, connection.port or PORT) if address else None


def _missing(aws_conn_id: str) -> str | None:
    try:
        AwsBaseHook.get_connection(aws_conn_id)
    except Exception as error:
        return str(error)
    return None


def _refused(options: Mapping[str, Any]) -> str | None:
    try:
        # Before version 6.4 of the provider there was one driver to know.
        if getattr(postgres, "USE_PSYCOPG3", False):
            from psycopg.conninfo import make_conninfo

            make_conninfo(**options)
        else:
            from psycopg2.extensions import make_dsn

            make_dsn(**options)
    except Exception as error:
        return " ".join(str(error).split())
    return None
