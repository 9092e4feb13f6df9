"""What the CDK and cdk-nag take by themselves for one identity's databases: none of our code.

`python benchmarks/floor.py airflow 300`, run as the CDK's command line runs an application, makes
what the access stack has for them, by one call of the CDK each: a statement for each database in
managed policies and, for Airflow, a secret. The CDK validates them and cdk-nag's pack looks at
them, as at each synthesis.
"""

import json
import sys

from aws_cdk import (
    Acknowledgment,
    App,
    CfnTag,
    CfnWaitConditionHandle,
    Environment,
    Stack,
    Tags,
    Validations,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from cdk_nag import AwsSolutionsChecks

PACKED = 25
"""Statements in a policy."""
AUTHORITIES = "/usr/local/airflow/dags/certificates/global-bundle.pem"


def main(identity: str, count: int) -> None:
    """Synthesize ``count`` databases of ``identity``."""
    app = App()
    env = Environment(account="111122223333", region="eu-central-1")
    host = CfnWaitConditionHandle(Stack(app, "servers", env=env), "Server").ref
    stack = Stack(app, "access", env=env, suppress_template_indentation=True)
    Tags.of(stack).add("environment", "dev")
    databases = [f"sales_{number:03}" for number in range(count)]
    for start in range(0, count, PACKED):
        iam.ManagedPolicy(
            stack,
            f"Logins{start}",
            roles=[iam.Role.from_role_name(stack, f"Role{start}", identity)],
            document=iam.PolicyDocument.from_json(
                {"Statement": [_login(identity, one) for one in databases[start:][:PACKED]]}
            ),
        )
    for database in databases if identity == "airflow" else ():
        secretsmanager.CfnSecret(
            stack,
            f"Connection-{database}",
            name=f"airflow/dev/connections/warehouse_{database}",
            description=f"Airflow connection to {database} on dev-warehouse; no password",
            secret_string=_connection(database, host),
            tags=[CfnTag(key="airflow-rds-iam:looked-up-by", value="dev")],
        )
    validations = Validations.of(app)
    validations.add_plugins(AwsSolutionsChecks(app))
    validations.acknowledge(Acknowledgment(id="AwsSolutions::AwsSolutions-SMG4", reason="as here"))
    app.synth()


def _login(identity: str, database: str) -> dict[str, str]:
    return {
        "Sid": f"Read{database.title().replace('_', '')}OnWarehouse",
        "Effect": "Allow",
        "Action": "rds-db:connect",
        "Resource": "arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        f"/{identity}_{database}_read",
    }


def _connection(database: str, host: str) -> str:
    trusted = {"sslmode": "verify-full", "sslrootcert": AUTHORITIES}
    return json.dumps({
        "conn_type": "postgres",
        "host": host,
        "port": "5432",
        "schema": database,
        "login": f"airflow_{database}_read",
        "extra": {"iam": True, **trusted, "sqlalchemy_query": trusted},
    })  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
