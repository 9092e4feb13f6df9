"""A SQLAlchemy engine that lives longer than a token.

Airflow's own engine is made with one token, so each connection that its pool opens after a quarter
of an hour is refused. In a DAG or a plugin:

    engine = signing_engine(PostgresHook("warehouse_orders"))
"""

from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine

from rds_login.token import sign

POSTGRESQL = 5432
OTHER_SERVICES = ("redshift", "redshift-serverless", "azure_conn_id")


def signing_engine(hook: PostgresHook, **options: Any) -> Engine:
    """The engine of the hook's connection, with a token of its own for each new connection.

    Signing needs no call to AWS, but for the credentials, which are renewed when they end. The
    engine's URL holds no token. A connection without `iam` has the hook's engine as it is.

    Args:
        hook: of the connection.
        options: for `sqlalchemy.create_engine`.

    Raises:
        ValueError: neither the AWS connection nor the environment names a region, or there are no
            credentials.
    """
    extra = hook.connection.extra_dejson
    if not extra.get("iam") or any(extra.get(service) for service in OTHER_SERVICES):
        return hook.get_sqlalchemy_engine(options)

    # Only now: it takes a second to import, which a DAG that is parsed has no use for.
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    aws_conn_id = extra.get("aws_conn_id", "aws_default")
    session = AwsBaseHook(aws_conn_id=aws_conn_id, client_type="rds").get_session()
    credentials, region = session.get_credentials(), session.region_name
    if not region:
        raise ValueError(f"no region: neither {aws_conn_id} nor AWS_DEFAULT_REGION names one")
    if not credentials:
        raise ValueError(f"no AWS credentials: {aws_conn_id} has none, nor has the environment")
    url = hook.get_sqlalchemy_engine().url
    engine = create_engine(
        URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query),
        **options,
    )

    @event.listens_for(engine, "do_connect")
    def with_a_token(_dialect: Any, _record: Any, _args: Any, to: dict[str, Any]) -> None:
        port = int(to.get("port") or POSTGRESQL)
        to["password"] = sign(credentials, to["host"], port, to["user"], region)

    return engine
