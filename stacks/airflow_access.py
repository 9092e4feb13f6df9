"""What follows from Airflow's grants: its logins, its connections, and looking them up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.access.database_users import DatabaseUsers
from airflow_rds_iam.access.identity_access import IdentityAccess, login_description
from airflow_rds_iam.access.login_policies import LoginPolicies
from airflow_rds_iam.acknowledgments import acknowledge_inline_policy
from airflow_rds_iam.airflow.airflow import Airflow
from airflow_rds_iam.airflow.connection import (
    AirflowConnection,
    connection_content,
    grant_tagged,
    role_content,
)
from airflow_rds_iam.declaration.airflow_names import AIRFLOW, looked_up_by, output
from airflow_rds_iam.declaration.grants import Grant, aws_connection_id
from airflow_rds_iam.declaration.identities import Layout, alphanumeric, session_name
from airflow_rds_iam.declaration.policies import packed_logins
from airflow_rds_iam.servers.server import Server


@dataclass(frozen=True, kw_only=True)
class TaskLogin:
    """The grant of DAGs that take a role of their own.

    Args:
        access: the role, and what lets it log in.
        policies: what lets it log in, in this stack.
    """

    grant: Grant
    access: IdentityAccess
    policies: Construct


@dataclass(frozen=True, kw_only=True)
class AirflowIdentity:
    """An Airflow that is let in, the identity that it is, and the environment's name."""

    airflow: Airflow
    name: str
    environment: str

    @property
    def called(self) -> str:
        """What people are told of it."""
        return "Airflow" if self.name == AIRFLOW else f"Airflow {self.name}"


def let_airflow_in(
    scope: Construct,
    granted: Sequence[Grant],
    *,
    tasks: Sequence[TaskLogin],
    whom: AirflowIdentity,
    layout: Layout,
    servers: Mapping[str, Server],
    users: Mapping[str, DatabaseUsers],
) -> None:
    """Let Airflow log in as what it is granted, and tell it how.

    A connection comes after its user and what lets Airflow log in as it; no user goes that one
    still names.

    Args:
        scope: the access stack.
        granted: Airflow's grants.
        tasks: those of DAGs that take roles.
        whom: the Airflow, as the identity that it is.
        layout: of the policies with which it logs in.
        servers: by the name of their instance.
        users: of the same.
    """
    if granted and layout == "packed":
        logins = LoginPolicies(
            scope,
            "Logins",
            layout=packed_logins(granted),
            servers=servers,
            description=login_description(whom.called, whom.environment),
            role=whom.airflow.execution_role,
            anew=True,
        )
        for name in {grant.instance for grant in granted}:
            users[name].made.node.add_dependency(logins)
    connections: list[AirflowConnection] = []
    by_instance: dict[str, list[AirflowConnection]] = defaultdict(list)
    for grant in granted:
        made = _connections(scope, grant, server=servers[grant.instance], whom=whom)
        login = None if layout == "packed" else _login(scope, grant, servers, whom)
        for connection in made:
            connection.node.add_dependency(users[grant.instance].made, *([login] if login else []))
        by_instance[grant.instance] += made
        connections += made
    for task in tasks:
        made = _of_task(scope, task, servers=servers, whom=whom)
        its_users = users[task.grant.instance]
        its_users.made.node.add_dependency(task.policies)
        for connection in made:
            connection.node.add_dependency(its_users.made, task.access)
        by_instance[task.grant.instance] += made
        connections += made
    for name, its_own in by_instance.items():
        users[name].retired.node.add_dependency(*its_own)
    if connections:
        _let_look_up(scope, connections, layout=layout, whom=whom)


def _login(
    scope: Construct, grant: Grant, servers: Mapping[str, Server], whom: AirflowIdentity
) -> iam.Policy:
    # Of another level it is another policy: there before the connection names its user, while
    # the old one goes when all else is done.
    login = iam.Policy(
        scope,
        f"Login-{grant.construct_id}-{grant.level}",
        roles=[whom.airflow.execution_role],
    )
    acknowledge_inline_policy(login.node.find_child("Resource"))
    servers[grant.instance].grant_connect(login, user=grant.user)
    return login


def _connections(
    scope: Construct, grant: Grant, *, server: Server, whom: AirflowIdentity
) -> list[AirflowConnection]:
    """The connection to a database, and one to its readers where it has some and is read alone."""
    ways = [("", grant.connection_id, server.host, server.identifier)]
    if server.reader_host and grant.level == "read":
        readers = f"the readers of {server.identifier}"
        ways.append(("Readers", grant.reader_connection_id, server.reader_host, readers))
    made = [
        _made(
            scope,
            connection_id,
            connection_content(
                instance=server,
                database=grant.database,
                user=grant.user,
                authorities=whom.airflow.authorities,
                host=host,
            ),
            construct_id=f"Connection{of}-{grant.construct_id}",
            output_name=f"ToConnect{of}{grant.place}",
            to=f"{grant.database} on {on}; no password",
            whom=whom,
        )
        for of, connection_id, host, on in ways
    ]
    return [one for one in made if one]


def _of_task(
    scope: Construct,
    task: TaskLogin,
    *,
    servers: Mapping[str, Server],
    whom: AirflowIdentity,
) -> list[AirflowConnection]:
    """The connections of a task that takes a role: to its database, and to AWS as that role."""
    grant, role = task.grant, task.access.role
    if role is None:
        raise ValueError(f"{grant.identity} has no role that a task could take")
    server, name = servers[grant.instance], grant.identity
    as_role = role_content(role_arn=role.role_arn, session_name=session_name(name))
    content = connection_content(
        instance=server,
        database=grant.database,
        user=grant.user,
        authorities=whom.airflow.authorities,
        aws_connection=aws_connection_id(grant),
    )
    made = [
        _made(
            scope,
            connection_id,
            content,
            construct_id=f"Connection-{kind}-{name}",
            output_name=f"ToConnect{kind}{alphanumeric(name)}",
            to=to,
            whom=whom,
        )
        for kind, connection_id, content, to in (
            ("Role", aws_connection_id(grant), as_role, f"AWS as {name}; no key"),
            (
                "Task",
                grant.task_connection_id,
                content,
                f"{grant.database} on {server.identifier} as {name}; no password",
            ),
        )
    ]
    return [one for one in made if one]


def _made(
    scope: Construct,
    connection_id: str,
    content: Mapping[str, object],
    *,
    construct_id: str,
    output_name: str,
    to: str,
    whom: AirflowIdentity,
) -> AirflowConnection | None:
    if whom.airflow.connections_prefix is None:
        # Nobody here knows where it keeps its connections: a person puts it there.
        CfnOutput(
            scope,
            output_name,
            description=f"The connection {connection_id}, to be made in Airflow",
            value=Stack.of(scope).to_json_string(content),
        ).override_logical_id(output(output_name, whom.name))
        return None
    return AirflowConnection(
        scope,
        construct_id,
        name=f"{whom.airflow.connections_prefix}/{connection_id}",
        description=f"Airflow connection to {to}",
        content=content,
        looked_up_by=looked_up_by(whom.environment, whom.name),
    )


def _let_look_up(
    scope: Construct,
    connections: Sequence[AirflowConnection],
    *,
    layout: Layout,
    whom: AirflowIdentity,
) -> None:
    # Two of different names: from one layout to the other both are there for a while.
    lookup = iam.ManagedPolicy(
        scope,
        "TaggedConnections" if layout == "packed" else "Connections",
        description=f"{whom.called} may look its connections up",
        roles=[whom.airflow.execution_role],
    )
    if layout == "packed":
        prefix = whom.airflow.connections_prefix or ""
        grant_tagged(lookup, prefix=prefix, looked_up_by=looked_up_by(whom.environment, whom.name))
        return
    for connection in connections:
        connection.grant_read(lookup)
