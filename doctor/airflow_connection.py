"""The login that one of Airflow's connections makes, diagnosed inside Airflow."""

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.postgres.hooks.postgres import PostgresHook

from doctor.answer import Answer, failed, fine
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence import Evidence
from doctor.subject import Subject

PORT = 5432


def diagnosed(connection_id: str) -> Diagnosis:
    """Look into the login of a connection, as the role that Airflow has."""
    try:
        connection: Any = PostgresHook.get_connection(connection_id)
    # Of another class in each version of Airflow, and a secret's refusal is among them.
    except Exception as error:
        answer = failed("no-connection", f"{connection_id}: {error}")
        return Diagnosis(
            title=connection_id,
            login=f"The login of {connection_id}",
            answers={"connection": answer},
        )
    aws_conn_id = connection.extra_dejson.get("aws_conn_id", "aws_default")
    session = AwsBaseHook(aws_conn_id=aws_conn_id, client_type="rds").get_session()
    subject = Subject(
        title=connection_id,
        host=connection.host,
        port=connection.port or PORT,
        database=connection.schema,
        user=connection.login,
        region=session.region_name,
        authorities=connection.extra_dejson.get("sslrootcert", ""),
    )
    return diagnose(Evidence(subject, session), {"connection": _connection(subject, connection)})


def _connection(subject: Subject, connection: Any) -> Answer:
    extra = connection.extra_dejson
    if not extra.get("iam"):
        return failed("no-token", f"{subject.title} has no iam in its extra")
    aws_conn_id = extra.get("aws_conn_id")
    if aws_conn_id:
        try:
            AwsBaseHook.get_connection(aws_conn_id)
        except Exception as error:
            return failed("no-aws-connection", f"{aws_conn_id}: {error}")
    instance = subject.title.removesuffix(f"_{subject.database}")
    identifier = subject.host.partition(".")[0]
    ours = subject.group and instance != subject.title
    if ours and not f"-{identifier}".endswith(f"-{instance}"):
        return failed("other-server", f"{subject.title} is for {identifier}, not for {instance}")
    return fine(f"{subject.user} to {subject.database} on {subject.endpoint}")
