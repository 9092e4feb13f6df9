"""Read by each process of the local Airflow as it starts: this machine in the place of MWAA's.

What a deployed connection finds below `/usr/local/airflow` on Amazon MWAA is in Airflow's home
here. Only the path is read otherwise; whether the file is asked for, and what is done with it, is
as the connection says. libpq is asked by a DAG, Python by the doctor.
"""

import os
import ssl
from typing import Any

import psycopg2

try:
    import psycopg
except ImportError:  # of Airflow 3 alone
    psycopg = None

MWAA_HOME = "/usr/local/airflow/"

_connect_2 = psycopg2.connect
_create_default_context = ssl.create_default_context


def connect_2(*arguments: Any, **options: Any) -> Any:
    """As psycopg2's own."""
    return _connect_2(*arguments, **_found(options))


def create_default_context(*arguments: Any, **options: Any) -> ssl.SSLContext:
    """As Python's own."""
    if options.get("cafile"):
        options["cafile"] = _here(options["cafile"])
    return _create_default_context(*arguments, **options)


def _found(options: dict[str, Any]) -> dict[str, Any]:
    if "sslrootcert" in options:
        return {**options, "sslrootcert": _here(options["sslrootcert"])}
    return options


def _here(file: str) -> str:
    if not file.startswith(MWAA_HOME):
        return file
    return os.path.join(os.environ["AIRFLOW_HOME"], file.removeprefix(MWAA_HOME))  # noqa: PTH118


if psycopg:
    _connect = psycopg.Connection.connect

    def connect(conninfo: str = "", **options: Any) -> Any:
        """As psycopg's own."""
        return _connect(conninfo, **_found(options))

    # The hook asks the class, SQLAlchemy the module.
    psycopg.connect = psycopg.Connection.connect = connect
psycopg2.connect = connect_2
ssl.create_default_context = create_default_context
