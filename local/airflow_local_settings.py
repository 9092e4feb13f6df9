"""Read by each process of the local Airflow as it starts: this machine in the place of MWAA's.

What a deployed connection finds below `/usr/local/airflow` on Amazon MWAA is in Airflow's home
here. Only the path is read otherwise; whether the file is asked for, and what libpq does with it,
is as the connection says.
"""

import os
from typing import Any

import psycopg

MWAA_HOME = "/usr/local/airflow/"

_connect = psycopg.Connection.connect


def connect(conninfo: str = "", **options: Any) -> psycopg.Connection[Any]:
    """As psycopg's own."""
    authorities = options.get("sslrootcert", "")
    if authorities.startswith(MWAA_HOME):
        here = authorities.removeprefix(MWAA_HOME)
        options["sslrootcert"] = os.path.join(os.environ["AIRFLOW_HOME"], here)  # noqa: PTH118
    return _connect(conninfo, **options)


# The hook asks the class, SQLAlchemy the module.
psycopg.connect = psycopg.Connection.connect = connect
