"""Why a login fails, as one table: what is seen, what it means, what helps.

The doctor's answers, the documents and the messages of this package speak from it.
"""

from dataclasses import dataclass

STEPS = (
    "connection",
    "identity",
    "region",
    "name",
    "port",
    "certificate",
    "clock",
    "permission",
    "login",
    "user",
    "capacity",
)
"""What a login stands on, each on those before it."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for which a login fails.

    Attributes:
        key: its name, for machines.
        step: where it shows, one of `STEPS`.
        clients_say: parts of what psycopg, psycopg2, pg8000 and Airflow print of it.
        means: what it means, as a sentence.
        remedy: what to change, and where.
    """

    key: str
    step: str
    clients_say: tuple[str, ...]
    means: str
    remedy: str


_ALL = (
    Cause(
        key="no-connection",
        step="connection",
        clients_say=("The conn_id `warehouse_orders` isn't defined",),
        means="Airflow has no connection of this id: the access was never granted, was revoked, or"
        " its role may not read the secret",
        remedy="ask for access in the declaration; the secret is airflow/ENVIRONMENT/connections/ID"
        " in AWS Secrets Manager",
    ),
    Cause(
        key="other-server",
        step="connection",
        clients_say=(),
        means="the connection names another server than its id says",
        remedy="deploy the access stack again (make access): it writes each connection whole",
    ),
    Cause(
        key="no-token",
        step="connection",
        clients_say=("no password supplied",),
        means="the connection has no `iam: true`, so that no token is signed",
        remedy="deploy the access stack again (make access): it writes each connection whole",
    ),
    Cause(
        key="no-aws-connection",
        step="connection",
        clients_say=("Unable to find AWS Connection ID",),
        means="the AWS connection that the database's connection names does not exist, and Airflow"
        " signs with its own role in its place, without a word",
        remedy="make the AWS connection, or take aws_conn_id out of the database's connection",
    ),
    Cause(
        key="no-credentials",
        step="identity",
        clients_say=("Unable to locate credentials", "no AWS credentials to sign a token with"),
        means="there are no AWS credentials to sign a token with",
        remedy="on Amazon MWAA look at the environment's execution role; elsewhere sign in"
        " (aws sso login) or name a profile (AWS_PROFILE)",
    ),
    Cause(
        key="ended-credentials",
        step="identity",
        clients_say=("ExpiredToken", "The security token included in the request is expired"),
        means="the AWS credentials have ended, and a token that they sign is worth nothing",
        remedy="sign in anew (aws sso login), or have the process that keeps them renew them",
    ),
    Cause(
        key="refused-credentials",
        step="identity",
        clients_say=("InvalidClientTokenId", "UnrecognizedClientException"),
        means="AWS does not know these credentials",
        remedy="look at AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and AWS_PROFILE: one is left over",
    ),
    Cause(
        key="other-role",
        step="identity",
        clients_say=(),
        means="the credentials are of another role than the one that was granted access",
        remedy="assume the role that the declaration names, or have this one declared",
    ),
    Cause(
        key="no-region",
        step="region",
        clients_say=("You must specify a region",),
        means="no region is set, and a token is for one region",
        remedy="set AWS_DEFAULT_REGION, or region_name in the AWS connection; never in the extra"
        " of the database's connection",
    ),
    Cause(
        key="other-region",
        step="region",
        clients_say=("PAM authentication failed",),
        means="the token is signed for another region than the server's",
        remedy="give the connection an AWS connection (aws_conn_id) with the server's region_name,"
        " or set AWS_DEFAULT_REGION",
    ),
    Cause(
        key="alias",
        step="name",
        clients_say=("PAM authentication failed", "does not match host name"),
        means="the host is no endpoint of Amazon RDS but another name for it: a token is signed for"
        " the endpoint's own name, and so is its certificate",
        remedy="put the instance's own endpoint into the connection",
    ),
    Cause(
        key="unknown-name",
        step="name",
        clients_say=("could not translate host name", "failed to resolve host", "does not resolve"),
        means="the name does not resolve: there is no such instance, or no DNS of its VPC here",
        remedy="compare the host with the instance's endpoint; ask from inside its VPC, whose DNS"
        " support must be on",
    ),
    Cause(
        key="public-address",
        step="name",
        clients_say=(),
        means="the name resolves to a public address: the instance is publicly accessible, and"
        " whoever asks is outside its VPC or without its DNS",
        remedy="ask from inside the VPC, and make the instance private (PubliclyAccessible)",
    ),
    Cause(
        key="silent-port",
        step="port",
        clients_say=("timeout expired", "connection timeout expired", "does not answer"),
        means="nothing answers, not even with a refusal: a security group or a network ACL drops"
        " it, or no route leads there",
        remedy="first the instance's security group: does it let in the security group or range of"
        " whoever asks (network.clients)? Then the route tables of both subnets, then their"
        " network ACLs",
    ),
    Cause(
        key="no-route",
        step="port",
        clients_say=("Network is unreachable", "No route to host"),
        means="this machine has no route to the instance's network",
        remedy="connect to the VPC (VPN, peering, Session Manager's port forwarding)",
    ),
    Cause(
        key="closed-port",
        step="port",
        clients_say=("Connection refused",),
        means="the address answers and refuses the port: the port is another one, or the server is"
        " stopped or rebooting",
        remedy="compare the port with the instance's, and look at its status",
    ),
    Cause(
        key="no-authorities",
        step="certificate",
        clients_say=("root certificate file", "could not open certificate file"),
        means="the file of authorities that the connection names is not here",
        remedy="deliver RDS's global-bundle.pem to that path, or declare where it is"
        " (airflow.authorities)",
    ),
    Cause(
        key="no-tls",
        step="certificate",
        clients_say=("server does not support SSL", "no encryption", "speaks no TLS"),
        means="whoever answers speaks no TLS: it is no RDS server, or something stands between",
        remedy="look at what the name and the port lead to; and use sslmode=verify-full",
    ),
    Cause(
        key="unknown-authority",
        step="certificate",
        clients_say=("certificate verify failed", "certificate is not trusted"),
        means="the server's certificate is of an authority that the file does not hold: the file is"
        " old, or the server is not RDS",
        remedy="bring RDS's newest global-bundle.pem; never turn the verification off",
    ),
    Cause(
        key="other-name",
        step="certificate",
        clients_say=("does not match host name", "is for another name"),
        means="the certificate is of a trusted authority and for another server's name",
        remedy="put the instance's own endpoint into the connection; if it is there, something"
        " answers in the server's place",
    ),
    Cause(
        key="wrong-clock",
        step="clock",
        clients_say=("PAM authentication failed", "Signature expired", "SignatureDoesNotMatch"),
        means="this machine's clock is wrong, and a token is good for fifteen minutes from the"
        " moment that it says",
        remedy="set the clock (NTP; on EC2 the Amazon Time Sync Service)",
    ),
    Cause(
        key="no-permission",
        step="permission",
        clients_say=("PAM authentication failed",),
        means="IAM does not let this role connect as this user: no policy says so, or one denies"
        " it",
        remedy="compare the user in the policy's resource with the connection's, and its resource"
        " id with the instance's (another after a restore: declare resource_id); then make access",
    ),
    Cause(
        key="refused-token",
        step="login",
        clients_say=("PAM authentication failed",),
        means="the server gave the token to IAM, which refused it or could not be asked",
        remedy="the instance's log iam-db-auth-error says which: compare role, user, resource id"
        " and region with the policy; if it says that it was throttled or failed, try again",
    ),
    Cause(
        key="no-iam-user",
        step="login",
        clients_say=("password authentication failed",),
        means="the server asked for a password and not for a token: it has no user of this name, or"
        " the user is no member of rds_iam, or IAM authentication is off",
        remedy="run make repair, which makes each declared user whole; if the user is not declared,"
        " ask for access",
    ),
    Cause(
        key="no-login",
        step="login",
        clients_say=("is not permitted to log in",),
        means="the user may not log in any more: its access was revoked",
        remedy="ask for access in the declaration, or make restore-access after a false alarm",
    ),
    Cause(
        key="no-database",
        step="login",
        clients_say=("database", "does not exist"),
        means="the server has no such database",
        remedy="compare the connection's database with the declaration, and run make access",
    ),
    Cause(
        key="no-connect",
        step="login",
        clients_say=("permission denied for database", "does not have CONNECT privilege"),
        means="the user may not enter this database: it is another database's user, or the"
        " privilege or its group was taken away by hand",
        remedy="one user serves one database; if it is the right one, run make repair",
    ),
    Cause(
        key="own-limit",
        step="login",
        clients_say=("too many connections for role",),
        means="the user itself has as many connections as it may have at once",
        remedy="close what is idle, give a pool fewer, or raise the instance's"
        " connections_per_user in the declaration",
    ),
    Cause(
        key="no-connection-left",
        step="login",
        clients_say=(
            "sorry, too many clients already",
            "too many connections for database",
            "remaining connection slots are reserved",
        ),
        means="no connection is left, of the server's or the database's",
        remedy="pg_stat_activity tells who has them; close idle ones, lower the instance's"
        " connections_per_user, or give it a larger class",
    ),
    Cause(
        key="starting",
        step="login",
        clients_say=("the database system is starting up", "the database system is shutting down"),
        means="the server is starting, stopping or recovering",
        remedy="wait, and look at the instance's events",
    ),
    Cause(
        key="full-storage",
        step="login",
        clients_say=("No space left on device", "could not extend file"),
        means="the server's storage is full",
        remedy="give the instance more storage; its status says storage-full",
    ),
    Cause(
        key="refused",
        step="login",
        clients_say=(),
        means="the server refuses the login for a reason of its own",
        remedy="its message says which",
    ),
    Cause(
        key="no-group",
        step="user",
        clients_say=("permission denied for schema", "permission denied for table"),
        means="the user is in and lacks the group of its level: somebody took it away by hand",
        remedy="run make repair, which gives each declared user its group again",
    ),
    Cause(
        key="few-connections",
        step="capacity",
        clients_say=(),
        means="hardly any connection is left: the next task may find none",
        remedy="pg_stat_activity tells who has them; close idle ones, or raise"
        " connections_per_user where it is the user's own",
    ),
)
CAUSES = {cause.key: cause for cause in _ALL}
"""Every cause, by its key."""
