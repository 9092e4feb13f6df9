"""Whether a server that somebody else set up is one to make login users on."""

from collections.abc import Iterable, Iterator

from database_users.desired import Database
from database_users.plan import Finding
from database_users.postgres.catalog.server import Server

AUDIT = {
    "log_connections": "who logged in",
    "log_disconnections": "who left",
    "log_statement": "which statements were run",
}
RDS_IAM = "rds_iam"
_SILENT = ("", "off", "none")


def unsuitable(server: Server, databases: Iterable[Database]) -> Iterator[str]:
    """What has to be put right first, and how."""
    if server.parameters.get("rds.force_ssl") in ("0", "off"):
        yield (
            "it takes sessions without TLS: once every client uses TLS, set rds.force_ssl to 1 in"
            " the parameter group"
        )
    if server.parameters.get("aurora") and not server.by_cluster:
        yield (
            "it is an instance of an Aurora cluster, whose users log in by the cluster's id:"
            " declare the cluster's endpoint and DbClusterResourceId"
        )
    master = server.roles.get(server.master)
    if master is None or master.superuser:
        return
    if not master.create_role:
        yield (
            f"{master.name} may make no roles: as RDS's master user, ALTER ROLE {master.name}"
            " CREATEROLE"
        )
    if RDS_IAM not in server.administers(()):
        yield (
            f"{master.name} may not let others in with tokens: as RDS's master user, GRANT"
            f" {RDS_IAM} TO {master.name} WITH ADMIN OPTION"
        )
    missing = [one.name for one in databases if one.name not in server.databases]
    if missing and not master.create_db:
        yield (
            f"{master.name} may not make the missing {', '.join(missing)}: as RDS's master user,"
            f" ALTER ROLE {master.name} CREATEDB"
        )


def unlogged(server: Server) -> Iterator[Finding]:
    """What an audit would miss in the server's log; that it is exported is not seen from here."""
    for name, what in AUDIT.items():
        value = server.parameters.get(name)
        if value is not None and value in _SILENT:
            yield Finding(
                f"the server's log does not say {what}: {name} is {value or 'empty'} in its"
                " parameter group"
            )
