"""An Airflow connection that holds no credential."""

import json
from collections.abc import Mapping

from aws_cdk import ArnFormat, CfnTag, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from airflow_rds_iam.acknowledgments import (
    HIPAA,
    NIST,
    acknowledge_each,
    acknowledge_wildcard,
    acknowledgment,
    acknowledgments_of_rule,
)
from airflow_rds_iam.declaration.tags import LOOKED_UP_BY
from airflow_rds_iam.own_account import refuse_other_account
from airflow_rds_iam.servers.server import Server

_NOTHING_TO_ROTATE = (
    "There is nothing to rotate: the connection names host, database and user, and each "
    "login makes a token that is valid for 15 minutes."
)
# Made once: there may be hundreds of connections.
_ACKNOWLEDGED = (
    acknowledgment("AwsSolutions-SMG4", reason=_NOTHING_TO_ROTATE),
    *acknowledgments_of_rule(
        "SecretsManagerRotationEnabled", packs=(NIST, HIPAA), reason=_NOTHING_TO_ROTATE
    ),
    *acknowledgments_of_rule(
        "SecretsManagerUsingKMSKey",
        reason="It holds no secret: host, port, database and user, which policies and logs "
        "name in the clear. It is encrypted, with the account's key for Secrets Manager.",
    ),
)


def connection_content(
    *,
    instance: Server,
    database: str,
    user: str,
    authorities: str,
    aws_connection: str | None = None,
    host: str | None = None,
) -> dict[str, object]:
    """What Airflow is told of a connection, in the keys of its JSON.

    It logs in to ``database`` of ``instance`` as the PostgreSQL ``user``; ``authorities`` is the
    path of the certificates that RDS's are verified with, on Airflow's workers. ``aws_connection``
    is the id of the connection that says which role the login is signed with, if not with the
    execution role; ``host`` is another endpoint of the same server.
    """
    # Here and in no variable, which each connection of each process of Airflow would inherit:
    # that to Airflow's own database, too, whose certificate is of another authority.
    tls = {"sslmode": "verify-full", "sslrootcert": authorities}
    return {
        "conn_type": "postgres",
        "host": host or instance.host,
        "port": instance.port,
        "schema": database,
        "login": user,
        # The hook signs a token at each connect. Its driver takes the options that
        # stand here, the SQLAlchemy engine those under its own name alone.
        "extra": {
            "iam": True,
            **tls,
            "sqlalchemy_query": tls,
            **({"aws_conn_id": aws_connection} if aws_connection else {}),
        },
    }


def role_content(*, role_arn: str, session_name: str) -> dict[str, object]:
    """What Airflow is told of a role that tasks take, in sessions of that name.

    Where it is missing, the provider signs with the execution role, which no policy lets log in.
    """
    return {
        "conn_type": "aws",
        "extra": {"role_arn": role_arn, "assume_role_kwargs": {"RoleSessionName": session_name}},
    }


class AirflowConnection(Construct):
    """A connection in Secrets Manager, found there by Airflow's secrets backend.

    Args:
        name: of the secret: the backend's prefix, a slash, the connection's id.
        content: what `connection_content` says.
        looked_up_by: its tag, which says whose Airflow may look it up.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        content: Mapping[str, object],
        looked_up_by: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=name,
            description=description,
            # Every value is a text, so that the CDK need not look for tokens to write as JSON.
            secret_string=json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            tags=[CfnTag(key=LOOKED_UP_BY, value=looked_up_by)],
        )
        acknowledge_each(self._secret, _ACKNOWLEDGED)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` look the connection up.

        Raises:
            ValueError: it is of another account.
        """
        refuse_other_account(self, grantee)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["secretsmanager:GetSecretValue"],
            resource_arns=[self._secret.ref],
        )


def grant_tagged(policy: iam.ManagedPolicy, *, prefix: str, looked_up_by: str) -> None:
    """Let ``policy`` look up every connection that is ``looked_up_by`` it, however many there are.

    Hundreds of ARNs take more policies than a role may have, and each connection would change one.
    A connection is known by its name's beginning, which cannot be changed, and by its tag, which
    the templates of this environment alone give.

    Sources: "Actions, resources, and condition keys for AWS Secrets Manager"; "Control access to
    secrets using attribute-based access control (ABAC)".
    """
    arn = Stack.of(policy).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{prefix}/*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    policy.add_statements(
        iam.PolicyStatement(
            sid="LookUpConnections",
            actions=["secretsmanager:GetSecretValue"],
            resources=[arn],
            conditions={"StringEquals": {f"aws:ResourceTag/{LOOKED_UP_BY}": looked_up_by}},
        )
    )
    acknowledge_wildcard(
        policy,
        "Resource",
        arn,
        reason="The names of hundreds of connections are more than the policies of a role hold; "
        "the condition asks for a tag that this Airflow's connections alone have.",
    )
