"""Every fault that is tried, and what the doctor calls it for whom."""

from proof.faults import network, obstacles, roles, servers, users, vpc
from proof.faults.fault import Fault, Injection, asked, while_in
from proof.faults.users import by_the_master, by_the_owner

ELSEWHERE = "us-east-1"
HEALTHY = (
    Fault(title="nothing", inject=asked(), known=None),
    Fault(title="nothing, asked from Airflow's subnet", inject=vpc.from_airflow(), known=None),
    Fault(title="nothing, asked from a peered VPC", inject=vpc.from_peered(), known=None),
    Fault(
        title="nothing, where a network ACL denies after it has allowed",
        inject=vpc.from_airflow(obstacles.deny("server", egress=False, ports=None, number=200)),
        known=None,
    ),
)

OF_ROLES = (
    Fault(
        title="no AWS credentials",
        of="credentials",
        inject=asked(variables=roles.NOBODY),
        known="no-credentials",
    ),
    Fault(
        title="credentials of a session that has ended",
        of="credentials",
        inject=roles.ended,
        known="ended-credentials",
    ),
    Fault(
        title="keys that AWS does not know",
        of="credentials",
        inject=roles.unknown,
        known="refused-credentials",
    ),
    Fault(
        title="credentials of another role than the declared one",
        of="credentials",
        inject=roles.another_role,
        known="other-role",
        airflow="refused-token",
    ),
    Fault(
        title="a clock that is 20 minutes behind",
        of="clock",
        inject=asked(minutes=-20),
        known="wrong-clock",
    ),
    Fault(
        title="a clock that is 20 minutes ahead",
        of="clock",
        inject=asked(minutes=20),
        known="wrong-clock",
    ),
    Fault(
        title="a role without the policy",
        of="policy",
        inject=while_in(roles.no_policy),
        known="no-permission",
        alone="refused-token",
    ),
    Fault(
        title="a policy for another user",
        of="policy",
        inject=while_in(roles.other_user),
        known="no-permission",
        alone="refused-token",
    ),
    Fault(
        title="a policy for the server before a restore",
        of="policy",
        inject=while_in(roles.other_server),
        known="no-permission",
        alone="refused-token",
    ),
    Fault(
        title="a policy that denies",
        of="denial",
        inject=while_in(roles.denied),
        known="denied-permission",
        alone="refused-token",
    ),
    Fault(
        title="a permissions boundary without the login",
        of="boundary",
        inject=while_in(roles.bounded),
        known="no-permission",
        alone="refused-token",
    ),
)
OF_THE_NETWORK = (
    Fault(
        title="a region that is not the server's",
        of="region",
        inject=asked(variables={"AWS_DEFAULT_REGION": ELSEWHERE, "AWS_REGION": ELSEWHERE}),
        known="other-region",
    ),
    Fault(
        title="a name that does not resolve",
        of="address",
        inject=asked(variables={"PGHOSTADDR": ""}, resolves=""),
        known="unknown-name",
    ),
    Fault(
        title="an address of the internet",
        of="address",
        inject=network.public,
        known="public-address",
    ),
    Fault(
        title="another name for the endpoint (CNAME)",
        of="host",
        inject=asked(
            arguments=("--host", "orders.example.com"), connection={"host": "orders.example.com"}
        ),
        known="alias",
    ),
    Fault(
        title="a port that refuses",
        of="address",
        inject=asked(variables={"PGHOSTADDR": network.CLOSED}),
        known="closed-port",
    ),
    Fault(
        title="a port that does not answer",
        of="address",
        inject=network.silent,
        known="silent-port",
    ),
    Fault(
        title="a server that says nothing", of="address", inject=network.mute, known="mute-server"
    ),
    Fault(title="a port that hangs up", of="address", inject=network.hanging_up, known="hung-up"),
    Fault(title="a server without TLS", of="address", inject=network.without_tls, known="no-tls"),
    Fault(title="a server of MySQL", of="address", inject=network.mysql, known="other-engine"),
)


def _on_the_way(title: str, inject: Injection, known: str) -> Fault:
    return Fault(title=title, of="address", inject=inject, known=known, alone="silent-port")


OF_THE_VPC = (
    _on_the_way(
        "the server's security group without its rules",
        vpc.from_airflow(obstacles.without_ingress),
        "closed-group",
    ),
    _on_the_way(
        "Airflow's security group without a rule that lets out",
        vpc.from_airflow(obstacles.without_egress),
        "closed-group",
    ),
    _on_the_way(
        "a network ACL that denies the port into the server's subnet",
        vpc.from_airflow(obstacles.deny("server", egress=False, ports=None)),
        "closed-acl",
    ),
    _on_the_way(
        "a network ACL that denies answers out of the server's subnet",
        vpc.from_airflow(obstacles.deny("server", egress=True, ports=(1024, 65535))),
        "closed-acl",
    ),
    _on_the_way(
        "a network ACL that denies the port out of Airflow's subnet",
        vpc.from_airflow(obstacles.deny("asking", egress=True, ports=None)),
        "closed-acl",
    ),
    _on_the_way(
        "a network ACL that denies some answers into Airflow's subnet",
        vpc.from_airflow(obstacles.deny("asking", egress=False, ports=(39000, 41000))),
        "closed-acl",
    ),
    _on_the_way(
        "a peered VPC without a route to the server",
        vpc.from_peered(obstacles.without_route("asking")),
        "no-path",
    ),
    _on_the_way(
        "a server without a route back to a peered VPC",
        vpc.from_peered(obstacles.without_route("server")),
        "no-path",
    ),
    _on_the_way(
        "a peering connection that was deleted",
        vpc.from_peered(obstacles.ended_peering),
        "no-path",
    ),
    _on_the_way(
        "subnets of another VPC without a peering connection",
        vpc.from_peered(peering=False),
        "no-path",
    ),
    _on_the_way(
        "a peered VPC that the server's security group does not let in",
        vpc.from_peered(obstacles.without_ingress),
        "closed-group",
    ),
)
OF_SERVERS = (
    Fault(
        title="a certificate of another authority",
        of="certificate",
        inject=while_in(servers.untrusted),
        known="unknown-authority",
    ),
    Fault(
        title="the right authority and another server's name",
        of="certificate",
        inject=while_in(servers.misnamed),
        known="other-name",
    ),
    Fault(
        title="no file of authorities",
        of="authorities",
        inject=asked(
            arguments=("--authorities", "/nonexistent.pem"),
            connection={
                "extra": {
                    "sslrootcert": "/nonexistent.pem",
                    "sqlalchemy_query": {
                        "sslmode": "verify-full",
                        "sslrootcert": "/nonexistent.pem",
                    },
                }
            },
        ),
        known="no-authorities",
    ),
    Fault(
        title="an instance that somebody stopped",
        of="process",
        inject=while_in(servers.stopped),
        known="stopped",
        alone="closed-port",
    ),
    Fault(
        title="a server that is starting",
        of="process",
        inject=while_in(servers.starting),
        known="starting",
    ),
    Fault(
        title="IAM authentication off",
        of="instance",
        inject=while_in(servers.without_iam),
        known="iam-off",
        alone="refused-token",
    ),
    Fault(
        title="no connection left on the server",
        of="connections",
        inject=while_in(servers.exhausted),
        known="no-connection-left",
    ),
    Fault(
        title="few connections left on the server",
        of="connections",
        inject=while_in(servers.crowded),
        known="few-connections",
    ),
)
OF_USERS = (
    Fault(
        title="no such user",
        of="user",
        inject=while_in(
            by_the_master(
                "ALTER ROLE {user} RENAME TO {user}_2", "ALTER ROLE {user}_2 RENAME TO {user}"
            )
        ),
        known="no-user",
        alone="no-iam-user",
    ),
    Fault(
        title="a user without rds_iam",
        of="user",
        inject=while_in(
            by_the_master(
                "REVOKE rds_iam FROM {user}",
                "GRANT rds_iam TO {user} WITH INHERIT TRUE, SET TRUE",
            )
        ),
        known="no-iam-member",
        alone="no-iam-user",
    ),
    Fault(
        title="a user without LOGIN",
        of="user",
        inject=while_in(by_the_master("ALTER ROLE {user} NOLOGIN", "ALTER ROLE {user} LOGIN")),
        known="no-login",
    ),
    Fault(
        title="a user with no connection of its own left",
        of="user",
        inject=while_in(
            by_the_master(
                "ALTER ROLE {user} CONNECTION LIMIT 0",
                "ALTER ROLE {user} CONNECTION LIMIT {limit}",
            )
        ),
        known="own-limit",
    ),
    Fault(
        title="a user without its group",
        of="group",
        inject=while_in(by_the_master("REVOKE {group} FROM {user}", "GRANT {group} TO {user}")),
        known="no-group",
        airflow="no-connect",
    ),
    Fault(
        title="CONNECT revoked",
        of="database",
        inject=while_in(
            by_the_owner(
                "REVOKE CONNECT ON DATABASE {database} FROM {enters}",
                "GRANT CONNECT ON DATABASE {database} TO {enters}",
            )
        ),
        known="no-connect",
    ),
    Fault(
        title="a database with no connection left",
        of="database",
        inject=while_in(
            by_the_owner(
                "ALTER DATABASE {database} CONNECTION LIMIT 0",
                "ALTER DATABASE {database} CONNECTION LIMIT -1",
            )
        ),
        known="full-database",
    ),
    Fault(
        title="a database that takes no connections",
        of="database",
        inject=while_in(
            by_the_master(  # who acts for the owner: nobody shuts the database that it is in
                "ALTER DATABASE {database} ALLOW_CONNECTIONS false",
                "ALTER DATABASE {database} ALLOW_CONNECTIONS true",
            )
        ),
        known="shut-database",
    ),
    Fault(
        title="a user whose statements are ended at once",
        of="timeout",
        inject=while_in(
            by_the_master(
                "ALTER ROLE {user} SET statement_timeout = 1",
                "ALTER ROLE {user} RESET statement_timeout",
            )
        ),
        known="broken-session",
    ),
    Fault(
        title="a user whose search_path leads nowhere",
        of="path",
        inject=while_in(
            by_the_master(
                "ALTER ROLE {user} SET search_path = nowhere",
                "ALTER ROLE {user} RESET search_path",
            )
        ),
        known="no-schema",
    ),
    Fault(
        title="a user that the server refuses to prepare",
        of="library",
        inject=while_in(
            by_the_master(
                "ALTER ROLE {user} SET local_preload_libraries = 'nothing'",
                "ALTER ROLE {user} RESET local_preload_libraries",
            )
        ),
        known="refused",
    ),
    Fault(
        title="few connections left to the user",
        of="sessions",
        inject=while_in(users.crowded),
        known="few-connections",
    ),
    Fault(
        title="a session that waits for a lock",
        of="sessions",
        inject=while_in(users.kept_waiting),
        known="waiting",
    ),
)
EVERY = (*HEALTHY, *OF_ROLES, *OF_THE_NETWORK, *OF_THE_VPC, *OF_SERVERS, *OF_USERS)


def _connection(title: str, cause: str | None, **change: object) -> Fault:
    return Fault(title=title, inject=asked(connection=change), known=cause, command=False)


_NO_TLS = {"sslmode": "disable"}
OF_CONNECTIONS = (
    Fault(
        title="no secret of this connection",
        inject=asked(title="warehouse_absent", variables={"AIRFLOW_CONN_WAREHOUSE_ABSENT": ""}),
        known="no-connection",
        command=False,
    ),
    Fault(
        title="the secret of another server",
        inject=asked(title="billing_orders"),
        known="other-server",
        command=False,
    ),
    _connection("a connection without a host", "incomplete", host=None),
    _connection("a connection without `iam`", "no-token", extra={"iam": False}),
    _connection("a connection without TLS", "no-encryption", extra=_NO_TLS),
    _connection("an engine without TLS", "no-encryption", extra={"sqlalchemy_query": _NO_TLS}),
    _connection("TLS that verifies nothing", "no-verification", extra={"sslmode": "require"}),
    _connection(
        "an engine that verifies nothing", "no-verification", extra={"sqlalchemy_query": {}}
    ),
    _connection("a region in the extra", "unknown-option", extra={"region_name": ELSEWHERE}),
    _connection(
        "an AWS connection that is not there", "no-aws-connection", extra={"aws_conn_id": "absent"}
    ),
    _connection(
        "an AWS connection of a profile that is not there",
        "wrong-aws-connection",
        extra={"aws_conn_id": "profiled"},
    ),
    _connection(
        "an AWS connection with a client's argument that there is not",
        "wrong-aws-connection",
        extra={"aws_conn_id": "configured"},
    ),
    _connection(
        "an AWS connection of another region", "other-region", extra={"aws_conn_id": "elsewhere"}
    ),
    _connection(
        "an AWS connection whose role may not be become",
        "refused-role",
        extra={"aws_conn_id": "barred"},
    ),
    _connection("a password in the extra", "other-options", extra={"password": "hunter2"}),
    _connection("another user in the extra", "other-options", extra={"user": "administrator"}),
    _connection("another database in the extra", "other-options", extra={"dbname": "reports"}),
    _connection(
        "a driver that sends no password", "other-options", extra={"require_auth": "scram-sha-256"}
    ),
    _connection(
        "options that the server does not know", "other-options", extra={"options": "-c nothing=on"}
    ),
    _connection(
        "options of an engine that are text",
        "other-options",
        extra={"sqlalchemy_query": "sslmode=verify-full"},
    ),
    _connection("an option that changes nothing", None, extra={"application_name": "a DAG"}),
    _connection("an address of the extra's", "closed-port", extra={"hostaddr": network.CLOSED}),
    _connection("a connection of MySQL's", "other-type", conn_type="mysql"),
    _connection("a user in capitals", "no-iam-user", login="AIRFLOW_ORDERS_READ"),
    _connection("another port", "closed-port", port=1),
    _connection("a user that is not there", "no-iam-user", login="nobody_orders_read"),
    _connection("a database that is not there", "no-database", schema="absent"),
    _connection("another database's connection", "no-connect", schema="reports"),
    _connection(
        "an address in the extra that is none", "unknown-name", extra={"hostaddr": "nowhere"}
    ),
    Fault(
        title="a connection that is cut short",
        inject=asked(
            title="warehouse_short", variables={"AIRFLOW_CONN_WAREHOUSE_SHORT": '{"conn_type": '}
        ),
        known="no-connection",
        command=False,
    ),
    Fault(
        title="no region",
        inject=asked(variables={"AWS_DEFAULT_REGION": "", "AWS_REGION": ""}),
        known="no-region",
        command=False,
    ),
)
