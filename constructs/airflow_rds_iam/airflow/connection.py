"""An Airflow connection that holds no credential."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge
from airflow_rds_iam.servers.postgres_instance import PostgresInstance

# Airflow's hook signs a token at each connect; libpq verifies the server with the bundle that
# the environment's startup script names. The SQLAlchemy engine takes its own copy of the options.
TLS = {"sslmode": "verify-full"}
EXTRA = {"iam": True, **TLS, "sqlalchemy_query": TLS}


class AirflowConnection(Construct):
    """A connection in Secrets Manager, found there by Airflow's secrets backend.

    Args:
        name: of the secret: the backend's prefix, a slash, the connection's id.
        user: the PostgreSQL user to log in as.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        instance: PostgresInstance,
        database: str,
        user: str,
    ) -> None:
        super().__init__(scope, construct_id)
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=name,
            description=f"Airflow connection to {database} on {instance.identifier}; no password",
            secret_string=Stack.of(self).to_json_string(
                {
                    "conn_type": "postgres",
                    "host": instance.host,
                    "port": instance.port,
                    "schema": database,
                    "login": user,
                    "extra": EXTRA,
                }
            ),
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            reason="There is nothing to rotate: the connection names host, database and user, and "
            "each login makes a token that is valid for 15 minutes.",
        )
        self._arn = secret.ref

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` look the connection up."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue"],
            resource_arns=[self._arn],
        )
