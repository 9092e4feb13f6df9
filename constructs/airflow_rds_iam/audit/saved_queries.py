"""Queries of CloudWatch Logs Insights on a server's log, saved where the console lists them.

Source: "CloudWatch Logs Insights language query syntax" of the CloudWatch Logs user guide; the
line's prefix is RDS's, ``%t:%r:%u@%d:[%p]:``.
"""

from collections.abc import Mapping

from aws_cdk import aws_logs as logs
from constructs import Construct

_ENTRY = r"""fields @timestamp, @message
| parse @message /^(?<at>\S+ \S+ \S+?):(?<host>[^:]*):(?<user>[^@:]*)@(?<database>[^:]*):\[(?<process>[0-9]+)\]:(?<level>[A-Z]+):\s+(?<said>[\s\S]*)/
"""  # noqa: E501 a query's line has no other end
# Whoever is not one of a database's users: the master user, and RDS's own.
_OURS = r"""user not like /^(administrator|rdsadmin|\[unknown\]|)$/"""
_STATEMENT = r"""said like /^(statement|execute [^:]*): /"""

QUERIES: Mapping[str, str] = {
    "statements": _ENTRY
    + rf"""| filter level = "LOG" and {_STATEMENT} and {_OURS}
| parse said /^(statement|execute [^:]*): (?<statement>[\s\S]*)/
| sort @timestamp desc
| fields at, user, database, host, statement
| limit 1000
""",
    "refused-logins": _ENTRY
    + r"""| filter level = "FATAL" and said like /(authentication failed|no pg_hba.conf entry|permission denied for database|not permitted to log in|too many connections|does not exist)/
| sort @timestamp desc
| fields at, user, database, host, said
| limit 1000
""",  # noqa: E501
    "sessions-of-an-identity": _ENTRY
    + r"""| filter user like /^airflow_/
| filter level = "LOG" and said like /^(connection authorized|disconnection): /
| parse said /session time: (?<lasted>[0-9:.]+)/
| sort @timestamp asc
| fields at, user, database, host, process, said, lasted
| limit 1000
""",
    "what-an-identity-touched": _ENTRY
    + rf"""| filter user like /^airflow_/
| filter level = "LOG" and {_STATEMENT}
| parse said /^(statement|execute [^:]*): \s*(?<verb>[A-Za-z]+)/
| stats count(*) as statements, min(@timestamp) as first, max(@timestamp) as last by user, database, verb
| sort statements desc
| limit 1000
""",  # noqa: E501
}
"""By name. ``airflow`` in two of them is to be replaced by the identity that is asked for."""


def log_group(identifier: str, *, cluster: bool = False) -> str:
    """The name of the group that the log of an instance, or of a cluster, is exported to."""
    return f"/aws/rds/{'cluster' if cluster else 'instance'}/{identifier}/postgresql"


class SavedQueries(Construct):
    """The `QUERIES`, in a folder of the server's name.

    Args:
        identifier: the DB instance identifier, or the DB cluster identifier of a ``cluster``.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, identifier: str, cluster: bool = False
    ) -> None:
        super().__init__(scope, construct_id)
        for name, text in QUERIES.items():
            logs.CfnQueryDefinition(
                self,
                name,
                name=f"{identifier}/{name}",
                query_string=text,
                log_group_names=[log_group(identifier, cluster=cluster)],
            )
