"""Engines of Amazon RDS that are none of ours, by what a declaration can say of them.

Sources: Amazon RDS API reference, CreateDBInstance, Engine; "MySQL on Amazon RDS versions" and
"MariaDB on Amazon RDS versions".
"""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator

POSTGRES, AURORA = "postgres", "aurora-postgresql"
SERVERLESS = "db.serverless"
"""The class of an instance of Aurora Serverless v2."""
_NAMES = {
    "aurora-mysql": "Aurora MySQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "aurora": "Amazon Aurora",
    "oracle": "Oracle Database",
    "custom-oracle": "Oracle Database",
    "sqlserver": "SQL Server",
    "custom-sqlserver": "SQL Server",
    "db2": "Db2",
    "docdb": "Amazon DocumentDB",
    "neptune": "Amazon Neptune",
    "redshift": "Amazon Redshift",
}
_VERSIONS = {
    r".*\.mysql_aurora\..*": "Aurora MySQL",
    r"(5\.[1567]|8\.[04])(\..*)?": "MySQL",
    # PostgreSQL has two numbers since its version 10, MariaDB three.
    r"1[0-2]\.[0-9]+\.[0-9]+": "MariaDB",
    r"10\.(4|5|6|11)|11\.[48]|12\.[0-9]": "MariaDB, or of a PostgreSQL that is too old",
}


def refusal(engine: str) -> str:
    """Why a server of ``engine`` is not taken."""
    return (
        f"is of {engine}, and this application knows PostgreSQL alone, of RDS and of Aurora: "
        "users, roles and privileges are others in each engine"
    )


def other_engine(name: str) -> str | None:
    """The engine that AWS writes as ``name``, if it is none of ours."""
    if name == AURORA:
        return None
    found = [start for start in _NAMES if name.lower().startswith(start)]
    return _NAMES[max(found, key=len)] if found else None


def _engine(value: object) -> object:
    if isinstance(value, str) and (engine := other_engine(value)):
        raise ValueError(f"{refusal(engine)}; must be {POSTGRES} or {AURORA}")
    return value


def postgres_version(value: object) -> object:
    """``value``, unless it is a version of another engine, whether a text or a number to YAML.

    Raises:
        ValueError: it is one.
    """
    for pattern, engine in _VERSIONS.items():
        if re.fullmatch(pattern, str(value)):
            raise ValueError(f"{refusal(engine)}; must be PostgreSQL 16, 17 or 18")
    return value


Engine = Annotated[Literal["postgres", "aurora-postgresql"], BeforeValidator(_engine)]
