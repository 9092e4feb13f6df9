"""Declarations of what was there before, and what is said of them."""

from datetime import date
from pathlib import Path
from typing import Any

from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import DeclarationError, load
from review.declared import Declared, declared
from review.guardrails.rules import Broken, broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.reports import review
from review.templates.access import Access
from review.templates.assembly import of_templates
from stacks import add_environment
from tests.declared import dev, written

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
CLUSTERED: dict[str, Any] = {
    "existing": {
        "endpoint": "sea.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com",
        "reader_endpoint": "sea.cluster-ro-abcdefghijkl.eu-central-1.rds.amazonaws.com",
        "resource_id": "cluster-SEA",
        "security_group": "sg-0a1b2c3e",
        "administrator": "platform",
    },
    "databases": {
        "sales": {"own": ["shop"], "read": ["airflow"]},
        "stock": {"own": ["shop"], "write": ["airflow"]},
    },
}
"""An Aurora cluster."""
OWN_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f"
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


def refused(changes: dict[str, object], tmp_path: Path) -> list[str]:
    """What is said of dev with changes, each without its place in the file."""
    try:
        load(written(dev(changes), tmp_path / "dev.yaml"))
    except DeclarationError as error:
        return [line.partition(": ")[2] for line in str(error).splitlines()]
    return []


def synthesized(app: App, file: Path) -> Path:
    """The folder with the templates of a declaration of dev."""
    declaration = load(file)
    env = Environment(account=declaration.account, region=declaration.region)
    add_environment(app, name="dev", declaration=declaration, env=env)
    return Path(app.synth().directory)


def guardrail_errors(outdir: Path, file: Path) -> list[Broken]:
    """What the guardrails refuse, or cannot read, of a synthesized declaration of dev."""
    found = review(
        outdir,
        declared=declared(load(file), environment="dev"),
        declaration=file.read_text(),
        answers={},
        today=date(2026, 11, 25),
    )
    return [
        one
        for one in found.guardrails
        if one.violation.level == "error" or one.rule == "nothing-else"
    ]


def refused_by(rule: str, found: dict[str, dict[str, Any]], expected: Declared) -> list[str]:
    """What a guardrail says of templates."""
    access = Access(of_templates(found), expected.arns_by_role)
    subject = Subject(
        access=access, declared=expected, matrix=matrix(access, expected), today=date(2026, 11, 26)
    )
    return [one.violation.message for one in broken(subject) if one.rule == rule]
