import json
import re
from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from airflow_rds_iam.airflow.connection import AirflowConnection, connection_content
from airflow_rds_iam.servers.postgres_instance import PostgresInstance
from tests.templates import Content, of_type, statements, synthesized, text, the

SECRET = "AWS::SecretsManager::Secret"


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, restrict_default_security_group=False)
    connection = AirflowConnection(
        stack,
        "Connection",
        name="airflow/dev/connections/warehouse_orders",
        description="Airflow connection to orders",
        looked_up_by="dev",
        content=connection_content(
            instance=PostgresInstance(
                stack, "Postgres", identifier="dev-warehouse", vpc=vpc, subnets=vpc.public_subnets
            ),
            database="orders",
            user="airflow_orders_read",
            authorities="/etc/rds.pem",
        ),
    )
    connection.grant_read(iam.ManagedPolicy(stack, "Policy"))
    return synthesized(stack)


def test_it_names_host_database_and_user_and_holds_no_password(template: Content) -> None:
    [instance] = of_type(template, "AWS::RDS::DBInstance")
    secret = the(template, SECRET)["Properties"]
    assert secret["Name"] == "airflow/dev/connections/warehouse_orders"
    assert "GenerateSecretString" not in secret
    content = json.loads(text(secret["SecretString"]))
    extra = content.pop("extra")
    assert content == {
        "conn_type": "postgres",
        "host": f"<{instance}.Endpoint.Address>",
        "port": f"<{instance}.Endpoint.Port>",
        "schema": "orders",
        "login": "airflow_orders_read",
    }
    assert extra["iam"] is True
    assert not re.search("passw|pwd|token", text(secret["SecretString"]), re.IGNORECASE)


def test_the_server_is_verified_by_the_hook_and_by_the_sqlalchemy_engine(
    template: Content,
) -> None:
    extra = json.loads(text(the(template, SECRET)["Properties"]["SecretString"]))["extra"]
    for options in (extra, extra["sqlalchemy_query"]):
        assert (options["sslmode"], options["sslrootcert"]) == ("verify-full", "/etc/rds.pem")


def test_the_region_stays_with_the_connection_of_aws(template: Content) -> None:
    extra = json.loads(text(the(template, SECRET)["Properties"]["SecretString"]))["extra"]
    assert "region_name" not in extra


def test_a_grantee_reads_this_secret_alone(template: Content) -> None:
    [secret] = of_type(template, SECRET)
    [statement] = statements(template)
    assert statement["Action"] == ["secretsmanager:GetSecretValue"]
    assert statement["Resource"] == [{"Ref": secret}]
