"""What is said of an engine version of RDS or Aurora PostgreSQL: its family and parameters."""

from airflow_rds_iam.declaration.engines import POSTGRES

_PARAMETERS = {
    # No session without TLS, so that no token travels in the clear.
    "rds.force_ssl": "1",
    # Who came and went. RDS's line prefix, %t:%r:%u@%d:[%p]:, names the user who logged in and the
    # database on every line, and stays the login user's after SET ROLE.
    "log_connections": "1",
    "log_disconnections": "1",
    # Every statement, since an audit asks who read as well as who wrote ...
    "log_statement": "all",
    # ... without the values that a driver binds on the server, which are the data itself.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def family(engine_version: str, engine: str = POSTGRES) -> str:
    """The family of parameter groups, such as ``postgres17`` or ``aurora-postgresql17``."""
    return f"{engine}{_major(engine_version)}"


def parameters(engine_version: str) -> dict[str, str]:
    """The parameters that are not RDS's defaults, for a version such as ``17`` or ``17.6``."""
    if _major(engine_version) < 18:
        return _PARAMETERS
    # A list since PostgreSQL 18 ("Error Reporting and Logging"): what "1" stood for until then.
    return _PARAMETERS | {"log_connections": "receipt,authentication,authorization"}


def _major(engine_version: str) -> int:
    return int(engine_version.partition(".")[0])
