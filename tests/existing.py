"""Declarations of what was there before: servers, a network."""

from typing import Any

LAKE: dict[str, Any] = {
    "existing": {
        "endpoint": "lake.abcdefghijkl.eu-central-1.rds.amazonaws.com",
        "port": 5433,
        "resource_id": "db-LAKE",
        "security_group": "sg-0a1b2c3d",
        "administrator": "platform",
    },
    "databases": {"sales": {"own": ["shop"], "read": ["airflow"]}},
}
POND: dict[str, Any] = {
    "existing": {
        **LAKE["existing"],
        "endpoint": "pond.abcdefghijkl.eu-central-1.rds.amazonaws.com",
        "resource_id": "db-POND",
    },
    "databases": {"fish": {"own": ["shop"]}},
}
NETWORK: dict[str, Any] = {
    "vpc": "vpc-0a1b2c3d",
    "ranges": ["10.0.0.0/16"],
    "subnets": [
        {"id": "subnet-0a1b2c3d", "zone": "a"},
        {"id": "subnet-1b2c3d4e", "zone": "b"},
    ],
}
AIRFLOW: dict[str, Any] = {
    "environment": "team",
    "role_arn": "arn:aws:iam::111122223333:role/service-role/team-airflow",
    "security_group": "sg-00000002",
    "connections_prefix": "team/connections",
    "authorities": "/usr/local/airflow/dags/rds.pem",
}


def existing(**changes: object) -> dict[str, object]:
    """Changes of a declaration: ``LAKE`` with other attributes."""
    return {"instances.lake": {**LAKE, "existing": {**LAKE["existing"], **changes}}}
