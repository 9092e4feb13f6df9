"""The login that one of Airflow's connections makes, diagnosed inside Airflow."""

from collections.abc import Mapping
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.postgres.hooks import postgres
from botocore.exceptions import BotoCoreError, ClientError

from doctor.answer import failed
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence import Evidence
from doctor.settings import settings
from doctor.subject import Subject

PORT = 5432


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
    except (BotoCoreError, ClientError) as error:
        assuming = getattr(error, "operation_name", "").startswith("AssumeRole")
        return Diagnosis(
            title=connection_id,
            login=f"The login of {connection_id}",
            answers={
                "identity": failed("refused-role" if assuming else "no-credentials", str(error))
            },
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
    )
    answer = settings(
        subject,
        connection.extra_dejson,
        missing=_missing,
        refused=_refused,
        kind=connection.conn_type,
    )
    return diagnose(Evidence(subject, session), {"connection": answer})


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
