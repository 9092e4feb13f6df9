"""Why a login fails, as one table: what is seen, what it means, what helps.

The doctor's answers, docs/causes.md and the database users' function speak from it.
"""

from dataclasses import dataclass
from typing import Literal

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
    "locks",
)
"""What a login stands on, each on those before it."""

Place = Literal[
    "declaration", "connection", "policy", "security-group", "network", "instance", "here"
]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for which a login fails.

    Attributes:
        key: its name, for machines.
        step: where it shows, one of `STEPS`.
        clients_say: parts of what psycopg, psycopg2, pg8000 and Airflow print of it.
        logged: error codes with which the instance's log iam-db-auth-error has it (Amazon RDS User
            Guide, "Troubleshooting for IAM DB authentication").
        codes: SQLSTATEs with which the server answers (PostgreSQL manual, "Error Codes"). Where
            several causes have one, the server's words, among ``clients_say``, tell them apart.
        passes: whether the same login may succeed a moment later.
        means: what it means, as a sentence.
        remedy: what to change.
        place: where to change it; the doctor knows which.
    """

    key: str
    step: str
    clients_say: tuple[str, ...]
    codes: tuple[str, ...] = ()
    logged: tuple[str, ...] = ()
    passes: bool = False
    means: str
    remedy: str
    place: Place

    def explain(self, seen: str) -> str:
        """What was seen, what it means and what helps."""
        return f"{seen}: {self.means}: {self.remedy}"


_ALL = (
    Cause(
        key="no-connection",
        step="connection",
        clients_say=("The conn_id `warehouse_orders` isn't defined",),
        means="Airflow has no connection of this id: the access was never granted, was revoked, or"
        " its role may not read the secret or the secret's key, or what is there is no connection",
        remedy="ask for access in the declaration; the secret is airflow/ENVIRONMENT/connections/ID"
        " in AWS Secrets Manager",
        place="declaration",
    ),
    Cause(
        key="incomplete",
        step="connection",
        clients_say=(),
        means="the connection does not say where to log in, as whom and to what",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="other-server",
        step="connection",
        clients_say=(),
        means="the connection names another server than its id says",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="other-type",
        step="connection",
        clients_say=("The connection type is not supported by",),
        means="the connection is of another type than postgres: an operator that asks it for its"
        " hook gets one that signs no token",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="no-token",
        step="connection",
        clients_say=("no password supplied",),
        means="the connection has no `iam: true`, so that no token is signed",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="no-encryption",
        step="connection",
        clients_say=("no encryption",),
        codes=("28000",),
        means="the connection asks for no TLS (sslmode), and the server takes no login without",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="no-verification",
        step="connection",
        clients_say=(),
        means="the connection, or its engine (sqlalchemy_query), does not verify the server's"
        " certificate and name (sslmode=verify-full, sslrootcert): whoever answers gets"
        " the token",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="unknown-option",
        step="connection",
        clients_say=("invalid connection option",),
        means="the connection's extra holds something that is no option of PostgreSQL's, such"
        " as region_name, and the driver refuses it",
        remedy="deploy the access stack again (make access): it writes each connection whole; "
        "a region belongs into the AWS connection",
        place="connection",
    ),
    Cause(
        key="other-options",
        step="connection",
        clients_say=("must be of type dict",),
        means="a login with a token works, and the one that the connection asks for does not: its"
        " extra holds options that the driver takes before the token, the user, the database or"
        " the server that the connection names",
        remedy="deploy the access stack again (make access): it writes each connection whole",
        place="connection",
    ),
    Cause(
        key="no-aws-connection",
        step="connection",
        clients_say=("Unable to find AWS Connection ID",),
        means="the AWS connection that the database's connection names does not exist, and Airflow"
        " signs with its own role in its place, without a word",
        remedy="make the AWS connection, or take aws_conn_id out of the database's connection",
        place="connection",
    ),
    Cause(
        key="wrong-aws-connection",
        step="connection",
        clients_say=("The config profile", "Parameter validation failed"),
        means="the AWS connection that the database's connection names is there and no session can"
        " be made of what it says",
        remedy="look at its extra: the profile, the role's ARN, the method, the arguments of the"
        " client; or take aws_conn_id out of the database's connection",
        place="connection",
    ),
    Cause(
        key="no-credentials",
        step="identity",
        clients_say=("Unable to locate credentials", "no AWS credentials to sign a token with"),
        means="there are no AWS credentials to sign a token with",
        remedy="on Amazon MWAA look at the environment's execution role; elsewhere sign in"
        " (aws sso login) or name a profile (AWS_PROFILE)",
        place="here",
    ),
    Cause(
        key="ended-credentials",
        step="identity",
        clients_say=("ExpiredToken", "The security token included in the request is expired"),
        means="the AWS credentials have ended, and a token that they sign is worth nothing",
        remedy="sign in anew (aws sso login), or have the process that keeps them renew them",
        place="here",
    ),
    Cause(
        key="refused-credentials",
        step="identity",
        clients_say=("InvalidClientTokenId", "UnrecognizedClientException"),
        means="AWS does not know these credentials",
        remedy="look at AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and AWS_PROFILE: one is left over",
        place="here",
    ),
    Cause(
        key="refused-role",
        step="identity",
        clients_say=("is not authorized to perform: sts:AssumeRole",),
        means="the AWS connection or the profile names a role to become, which these credentials"
        " may not",
        remedy="let them sts:AssumeRole on it and have its trust policy name them, or take the"
        " role out of the AWS connection",
        place="here",
    ),
    Cause(
        key="other-role",
        step="identity",
        clients_say=(),
        means="the credentials are of another role than the one that was granted access",
        remedy="assume the role that the declaration names, or have this one declared",
        place="declaration",
    ),
    Cause(
        key="no-region",
        step="region",
        clients_say=("You must specify a region",),
        means="no region is set, and a token is for one region",
        remedy="set AWS_DEFAULT_REGION, or region_name in the AWS connection; never in the extra"
        " of the database's connection",
        place="here",
    ),
    Cause(
        key="other-region",
        step="region",
        clients_say=("PAM authentication failed",),
        means="the token is signed for another region than the server's",
        remedy="give the connection an AWS connection (aws_conn_id) with the server's region_name,"
        " or set AWS_DEFAULT_REGION",
        place="connection",
    ),
    Cause(
        key="alias",
        step="name",
        clients_say=("PAM authentication failed", "does not match host name"),
        means="the host is no endpoint of Amazon RDS but another name for it: a token is signed for"
        " the endpoint's own name, and so is its certificate",
        remedy="put the instance's own endpoint into the connection",
        place="connection",
    ),
    Cause(
        key="no-dns",
        step="name",
        clients_say=("Temporary failure in name resolution", "could not be looked up"),
        passes=True,
        means="no DNS server answers, so that nothing can be said of the name",
        remedy="look at the DNS of the machine that asks; in a VPC, at its DNS support and "
        "DHCP options",
        place="here",
    ),
    Cause(
        key="unknown-name",
        step="name",
        clients_say=("could not translate host name", "failed to resolve host", "does not resolve"),
        means="the name does not resolve: there is no such instance, or no DNS of its VPC here",
        remedy="compare the host with the instance's endpoint; ask from inside its VPC, whose DNS"
        " support must be on",
        place="instance",
    ),
    Cause(
        key="no-instance",
        step="name",
        clients_say=("could not translate host name", "failed to resolve host", "does not resolve"),
        means="there is no such instance any more: it was deleted or renamed",
        remedy="look for what it is called now (aws rds describe-db-instances), and deploy the"
        " access stack (make access), which writes the endpoint into each connection",
        place="connection",
    ),
    Cause(
        key="public-address",
        step="name",
        clients_say=(),
        means="the name resolves to a public address: the instance is publicly accessible, and"
        " whoever asks is outside its VPC or without its DNS",
        remedy="ask from inside the VPC, and make the instance private (PubliclyAccessible)",
        place="instance",
    ),
    Cause(
        key="silent-port",
        step="port",
        clients_say=("timeout expired", "connection timeout expired", "does not answer"),
        passes=True,
        means="nothing answers, not even with a refusal: a security group or a network ACL drops"
        " it, or no route leads there",
        remedy="first the instance's security group: does it let in the security group or range of"
        " whoever asks (network.clients)? Then the route tables of both subnets, then their"
        " network ACLs",
        place="security-group",
    ),
    Cause(
        key="closed-group",
        step="port",
        clients_say=("timeout expired", "connection timeout expired"),
        means="a security group lets the connection not through: that of the server not in, or that"
        " of whoever asks not out",
        remedy="declare who asks (network.clients, or airflow.existing), or add the rule that is"
        " missing",
        place="network",
    ),
    Cause(
        key="no-path",
        step="port",
        clients_say=("timeout expired", "connection timeout expired"),
        means="a route table has no way between the two subnets: a packet, or its answer, is lost",
        remedy="add the route (a peering connection, a transit gateway), on both sides",
        place="network",
    ),
    Cause(
        key="closed-acl",
        step="port",
        clients_say=("timeout expired", "connection timeout expired"),
        means="a network ACL lets the connection, or the answers to it, not through",
        remedy="allow the server's port to it, and the ports of clients (32768 to 60999) back",
        place="network",
    ),
    Cause(
        key="no-route",
        step="port",
        clients_say=("Network is unreachable", "No route to host"),
        passes=True,
        means="this machine has no route to the instance's network",
        remedy="connect to the VPC (VPN, peering, Session Manager's port forwarding)",
        place="here",
    ),
    Cause(
        key="stopped",
        step="port",
        clients_say=("timeout expired", "Connection refused"),
        means="somebody stopped the instance",
        remedy="start it (aws rds start-db-instance), and wait for some minutes",
        place="instance",
    ),
    Cause(
        key="broken-instance",
        step="port",
        clients_say=("timeout expired", "Connection refused"),
        means="RDS cannot run the instance: its key, network, parameters or capacity are not there",
        remedy="look at the instance's events, which say what is missing; give it back, or restore"
        " the instance from a snapshot",
        place="instance",
    ),
    Cause(
        key="closed-port",
        step="port",
        clients_say=("Connection refused",),
        passes=True,
        means="the address answers and refuses the port: the port is another one, or the server is"
        " stopped or rebooting",
        remedy="compare the port with the instance's, and look at its status",
        place="instance",
    ),
    Cause(
        key="no-authorities",
        step="certificate",
        clients_say=("root certificate file", "could not open certificate file"),
        means="the file of authorities that the connection names is not here",
        remedy="deliver RDS's global-bundle.pem to that path, or declare where it is"
        " (airflow.authorities)",
        place="here",
    ),
    Cause(
        key="mute-server",
        step="certificate",
        clients_say=("timeout expired",),
        passes=True,
        means="the port opens and then nothing is said: a server that is out of memory or "
        "processes, or something else at its port",
        remedy="look at the instance's metrics and events, and restart it if it stays so",
        place="instance",
    ),
    Cause(
        key="hung-up",
        step="certificate",
        clients_say=("server closed the connection unexpectedly",),
        passes=True,
        means="whoever answers hangs up before a word of TLS: the server is restarting, or a "
        "forwarded port leads nowhere",
        remedy="wait and try again; where the port is forwarded, look at what forwards it",
        place="instance",
    ),
    Cause(
        key="no-tls",
        step="certificate",
        clients_say=("server does not support SSL", "no encryption", "speaks no TLS"),
        means="whoever answers speaks no TLS: it is no RDS server, or something stands between",
        remedy="look at what the name and the port lead to; and use sslmode=verify-full",
        place="instance",
    ),
    Cause(
        key="other-tls",
        step="certificate",
        clients_say=("tlsv1 alert protocol version", "unsupported protocol", "handshake failure"),
        means="whoever answers speaks TLS, but no version or cipher of it that is safe today",
        remedy="look at ssl_min_protocol_version, ssl_max_protocol_version and ssl_ciphers in the"
        " instance's parameter group: clients take TLS 1.2 and newer",
        place="instance",
    ),
    Cause(
        key="other-engine",
        step="certificate",
        clients_say=("received invalid response to SSL negotiation",),
        means="whoever answers is no PostgreSQL, and users with tokens are made in no other engine",
        remedy="name an instance of RDS for PostgreSQL, with its own port",
        place="declaration",
    ),
    Cause(
        key="unknown-authority",
        step="certificate",
        clients_say=("certificate verify failed", "certificate is not trusted"),
        means="the server's certificate is of an authority that the file does not hold: the file is"
        " old, or the server is not RDS",
        remedy="bring RDS's newest global-bundle.pem; never turn the verification off",
        place="here",
    ),
    Cause(
        key="proxy",
        step="certificate",
        clients_say=("certificate verify failed", "certificate is not trusted"),
        means="the host is an RDS Proxy's: its certificate is of Amazon Trust Services and not of"
        " RDS's authorities, and who may connect is said of its own id (prx-…)",
        remedy="put the instance's own endpoint into the connection",
        place="connection",
    ),
    Cause(
        key="ended-certificate",
        step="certificate",
        clients_say=("certificate has expired", "certificate is not yet valid"),
        means="by this machine's clock the server's certificate has ended, or has not begun",
        remedy="look at the clock; if it is right, rotate the instance's certificate "
        "(CACertificateIdentifier)",
        place="instance",
    ),
    Cause(
        key="other-name",
        step="certificate",
        clients_say=("does not match host name", "is for another name"),
        means="the certificate is of a trusted authority and for another server's name",
        remedy="put the instance's own endpoint into the connection; if it is there, something"
        " answers in the server's place",
        place="connection",
    ),
    Cause(
        key="wrong-clock",
        step="clock",
        clients_say=("PAM authentication failed", "Signature expired", "SignatureDoesNotMatch"),
        means="this machine's clock is wrong, and a token is good for fifteen minutes from the"
        " moment that it says",
        remedy="set the clock (NTP; on EC2 the Amazon Time Sync Service)",
        place="here",
    ),
    Cause(
        key="no-permission",
        step="permission",
        clients_say=("PAM authentication failed",),
        logged=("NotAuthorized",),
        means="IAM does not let this role connect as this user: no policy allows it, or one of its"
        " session's or of the organization's does not",
        remedy="compare the user in the policy's resource with the connection's, and its resource"
        " id with the instance's (another after a restore: declare resource_id); then make access",
        place="policy",
    ),
    Cause(
        key="denied-permission",
        step="permission",
        clients_say=("PAM authentication failed",),
        means="a policy denies this role rds-db:connect: one of its own, a permissions "
        "boundary, or the organization's",
        remedy="find the statement that denies; after make revoke it is ours, and make "
        "restore-access takes it away",
        place="policy",
    ),
    Cause(
        key="refused-token",
        step="login",
        clients_say=("PAM authentication failed",),
        codes=("28000", "28P01"),
        means="the server gave the token to IAM, which refused it or could not be asked",
        remedy="the instance's log iam-db-auth-error says which; check in this order that the role"
        " that signed the token may rds-db:connect as this user on this instance's resource id,"
        " that the token's region is the instance's, and that the clock is right; if IAM was"
        " throttled or failed, try again",
        place="policy",
    ),
    Cause(
        key="expired-token",
        step="login",
        clients_say=("PAM authentication failed",),
        logged=("ExpiredToken",),
        means="the token was older than fifteen minutes when it arrived, or its credentials "
        "had ended",
        remedy="sign a token for each new connection (signing_engine in a DAG); look at the "
        "clock of who signs",
        place="here",
    ),
    Cause(
        key="invalid-token",
        step="login",
        clients_say=("PAM authentication failed",),
        logged=("InvalidToken", "SignatureDoesNotMatch", "InvalidCredentials"),
        means="IAM could make nothing of the token: it is for another host, port, user or "
        "region, or was cut short or altered on its way",
        remedy="compare host, port, user and region with the instance's; look for what "
        "shortens or encodes passwords",
        place="connection",
    ),
    Cause(
        key="throttled",
        step="login",
        clients_say=("PAM authentication failed",),
        logged=("ThrottlingException",),
        passes=True,
        means="IAM authentication was throttled: more than about 200 new connections a second",
        remedy="open fewer connections: pools, fewer parallel tasks, RDS Proxy; then try again",
        place="instance",
    ),
    Cause(
        key="failed-service",
        step="login",
        clients_say=("PAM authentication failed",),
        logged=("InternalError",),
        passes=True,
        means="IAM authentication itself failed: neither the policy nor the user is at fault",
        remedy="try again, and ask AWS Support if it stays so",
        place="instance",
    ),
    Cause(
        key="no-iam-user",
        step="login",
        clients_say=("password authentication failed",),
        codes=("28P01", "28000"),
        means="the server asked for a password and not for a token: it has no user of this name, or"
        " the user is no member of rds_iam, or IAM authentication is off",
        remedy="see that IAM authentication is on; then run make repair, which makes each declared"
        " user whole; if the user is not declared, ask for access",
        place="declaration",
    ),
    Cause(
        key="no-user",
        step="login",
        clients_say=("password authentication failed",),
        means="the server has no user of this name",
        remedy="make repair makes each declared user; if it is not declared, ask for access",
        place="declaration",
    ),
    Cause(
        key="no-iam-member",
        step="login",
        clients_say=("password authentication failed",),
        means="the user is there and is no member of rds_iam, so that the server asks it for "
        "a password",
        remedy="run make repair, which makes each declared user whole",
        place="declaration",
    ),
    Cause(
        key="iam-off",
        step="login",
        clients_say=("password authentication failed", "PAM authentication failed"),
        means="IAM authentication is off on this instance",
        remedy="turn it on again (IAMDatabaseAuthenticationEnabled): deploy the database's stack",
        place="instance",
    ),
    Cause(
        key="no-login",
        step="login",
        clients_say=("is not permitted to log in",),
        codes=("28000",),
        means="the user may not log in any more: its access was revoked",
        remedy="ask for access in the declaration, or make restore-access after a false alarm",
        place="declaration",
    ),
    Cause(
        key="no-database",
        step="login",
        clients_say=("does not exist",),
        codes=("3D000", "57P04"),
        means="the server has no such database",
        remedy="compare the connection's database with the declaration, and run make access",
        place="declaration",
    ),
    Cause(
        key="invalid-database",
        step="login",
        clients_say=("cannot connect to invalid database",),
        codes=("55000",),
        means="a DROP DATABASE was cut off; nothing is left but to drop it once more",
        remedy="drop it, then deploy, which makes it anew, or restore it from a snapshot",
        place="instance",
    ),
    Cause(
        key="shut-database",
        step="login",
        clients_say=("not currently accepting connections",),
        codes=("55000",),
        means="the database takes no connections: somebody shut it",
        remedy="run make repair, which opens each declared database",
        place="declaration",
    ),
    Cause(
        key="no-connect",
        step="login",
        clients_say=("permission denied for database", "does not have CONNECT privilege"),
        codes=("42501",),
        means="the user may not enter this database: it is another database's user, or the"
        " privilege or its group was taken away by hand",
        remedy="one user serves one database; if it is the right one, run make repair",
        place="declaration",
    ),
    Cause(
        key="own-limit",
        step="login",
        clients_say=("too many connections for role",),
        codes=("53300",),
        passes=True,
        means="the user itself has as many connections as it may have at once",
        remedy="close what is idle, give a pool fewer, or raise the instance's"
        " connections_per_user in the declaration",
        place="declaration",
    ),
    Cause(
        key="full-database",
        step="login",
        clients_say=("too many connections for database",),
        codes=("53300",),
        passes=True,
        means="the database has as many connections as its owner lets it have, which may be none",
        remedy="run make repair, which lifts the limit, or close what is idle",
        place="declaration",
    ),
    Cause(
        key="no-connection-left",
        step="login",
        clients_say=(
            "sorry, too many clients already",
            "remaining connection slots are reserved",
        ),
        codes=("53300",),
        passes=True,
        means="no connection of the server's is left",
        remedy="look at who has them (pg_stat_activity), close idle ones, lower the instance's"
        " connections_per_user, or give it a larger class",
        place="instance",
    ),
    Cause(
        key="starting",
        step="login",
        clients_say=("the database system is starting up", "the database system is shutting down"),
        codes=("57P01", "57P02", "57P03"),
        passes=True,
        means="the server is starting, stopping or recovering",
        remedy="wait, and look at the instance's events",
        place="instance",
    ),
    Cause(
        key="full-storage",
        step="login",
        clients_say=("No space left on device", "could not extend file"),
        codes=("53100",),
        means="the server's storage is full",
        remedy="give the instance more storage, or delete what nobody needs; its status says"
        " storage-full",
        place="instance",
    ),
    Cause(
        key="no-locks",
        step="login",
        clients_say=("out of shared memory",),
        codes=("53200",),
        means="the server's table of locks is full: all sessions together may hold"
        " max_locks_per_transaction times max_connections, advisory locks among them",
        remedy="end the session that holds most (pg_locks), or, where nobody gets in, reboot the"
        " instance; if no session holds too many, raise max_locks_per_transaction in its parameter"
        " group, and reboot",
        place="instance",
    ),
    Cause(
        key="no-resource",
        step="login",
        clients_say=("out of memory",),
        codes=("53000", "53200", "53400"),
        means="the server is out of memory or of another resource",
        remedy="give the instance a larger class, or have it fewer connections; its log says "
        "which resource",
        place="instance",
    ),
    Cause(
        key="damaged-server",
        step="login",
        clients_say=("invalid page", "could not read"),
        codes=("58030", "XX001", "XX002"),
        means="the server's disk or data is damaged",
        remedy="look at the instance's events; restore it, or ask AWS Support",
        place="instance",
    ),
    Cause(
        key="silent-login",
        step="login",
        clients_say=("timeout expired",),
        passes=True,
        means="the server takes the connection and does not answer the login: a session locks what"
        " each login to that database reads, or the token waits to be checked",
        remedy="look from another database which session of that one holds or awaits an"
        " AccessExclusiveLock (pg_locks), and end it; if none does, look at the instance's load",
        place="instance",
    ),
    Cause(
        key="lost-connection",
        step="login",
        clients_say=("server closed the connection unexpectedly", "the connection was lost"),
        passes=True,
        means="the connection was lost in the middle of the login: the server restarts, fails"
        " over, or something between ends connections",
        remedy="try again; look at the instance's events and at what stands between",
        place="instance",
    ),
    Cause(
        key="refused",
        step="login",
        clients_say=(),
        means="the server refuses the login for a reason of its own",
        remedy="its message says which",
        place="instance",
    ),
    Cause(
        key="no-group",
        step="user",
        clients_say=("permission denied for schema", "permission denied for table"),
        means="the user is in and lacks the group of its level: somebody took it away by hand",
        remedy="run make repair, which gives each declared user its group again",
        place="declaration",
    ),
    Cause(
        key="idle-group",
        step="user",
        clients_say=("permission denied for schema", "permission denied for table"),
        means="the user has the group of its level and does not act with it: somebody changed its"
        " INHERIT or the role that it starts as (ALTER ROLE … SET role)",
        remedy="run make repair, which makes each declared user whole",
        place="declaration",
    ),
    Cause(
        key="read-only",
        step="user",
        clients_say=("in a read-only transaction",),
        means="the user is in, and may write nothing: the server is a replica or recovers, or"
        " somebody set default_transaction_read_only",
        remedy="put the endpoint of the instance that writes into the connection; or take the"
        " setting back, of the user (ALTER ROLE … RESET), the database (ALTER DATABASE … RESET) or"
        " the parameter group",
        place="instance",
    ),
    Cause(
        key="no-schema",
        step="user",
        clients_say=("no schema has been selected to create in", "does not exist"),
        means="the user is in, and no schema of its search_path is there or is open to it, so that"
        " no name without a schema is found",
        remedy="take the setting back, of the user (ALTER ROLE … RESET search_path), the database"
        " (ALTER DATABASE … RESET search_path) or the parameter group",
        place="instance",
    ),
    Cause(
        key="broken-session",
        step="user",
        clients_say=(
            "canceling statement due to statement timeout",
            "terminating connection due to idle-session timeout",
        ),
        means="the user is in, and the server ends its statements or its session at once: a timeout"
        " is too short, or somebody ends sessions",
        remedy="look at statement_timeout, transaction_timeout and idle_session_timeout, of the"
        " user (ALTER ROLE … RESET), the database (ALTER DATABASE … RESET) and the parameter group",
        place="instance",
    ),
    Cause(
        key="few-connections",
        step="capacity",
        clients_say=(),
        means="hardly any connection is left: the next task may find none",
        remedy="look at who has them (pg_stat_activity), close idle ones, or raise"
        " connections_per_user where it is the user's own",
        place="instance",
    ),
    Cause(
        key="waiting",
        step="locks",
        clients_say=("canceling statement due to lock timeout",),
        means="the user can log in, and a session of its waits for a lock that another has",
        remedy="end the transaction that holds it (pg_stat_activity has whose it is), or wait",
        place="instance",
    ),
)
CAUSES = {cause.key: cause for cause in _ALL}
"""Every cause, by its key."""
