"""The access matrix as data: what each rendering of it is made from."""

from collections.abc import Sequence
from dataclasses import dataclass

PRIVILEGES = {
    "read": "SELECT",
    "write": "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, use of sequences, TEMPORARY, MAINTAIN",
    "own": "all on what it holds: create, alter and drop objects as well",
    "administer": "CREATEDB, CREATEROLE: every role and database of the server",
}
NOT_ASKED = "not asked"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where in the templates it says so."""

    stack: str
    logical_id: str
    detail: str
    """The statement's ``Sid`` or number, or what of the resource."""

    def __str__(self) -> str:
        return f"{self.stack}/{self.logical_id}, {self.detail}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One identity and one login user."""

    identity: str
    principal: str
    """The role's or user's ARN; what only a deployment knows in angle brackets."""
    trust: Sequence[str]
    """Who may become the principal."""
    server: str
    database: str
    level: str
    privileges: str
    user: str
    connections: Sequence[str]
    """Airflow's connections as this user."""
    network: Sequence[str]
    """From where the server can be reached by it."""
    declared: str
    """The level that the declaration grants, or ``no``."""
    iam: str
    """``allowed``, ``denied`` or ``unknown``."""
    in_database: str
    """The level that the server was found to give, or ``not asked``."""
    evidence: Sequence[Evidence]
    disagreements: Sequence[str]
    """How the columns contradict each other, in words; none if they agree."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The rows, in the order of identity, server, database."""

    environment: str
    rows: Sequence[Row]

    @property
    def disagreements(self) -> list[str]:
        """Every disagreement, with whose it is."""
        return [f"{row.identity}: {one}" for row in self.rows for one in row.disagreements]
