"""What a declaration promises, read from its YAML alone.

The proof must not share the derivation that it checks, so nothing here comes from the application.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

OPERATIONS = ("connect", "select", "insert", "create")
ALLOWED = {
    "read": frozenset({"connect", "select"}),
    "write": frozenset({"connect", "select", "insert"}),
    "own": frozenset({"connect", "select", "insert", "create"}),
}
AIRFLOW = "airflow"
ADMINISTRATOR = "administrator"
"""The master user of an instance that is made here."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """An identity's level on a database, and the user that it logs in as."""

    identity: str
    instance: str
    database: str
    level: str

    @property
    def user(self) -> str:
        """The user that the identity logs in as."""
        return f"{self.identity}_{self.database}_{self.level}"

    @property
    def connection_id(self) -> str:
        """The Airflow connection, if the identity is Airflow's."""
        return f"{self.instance}_{self.database}"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A declaration: where it stands, and whom it lets in where."""

    environment: str
    account: str
    region: str
    instance: str
    identifier: str
    """What RDS calls the instance or the cluster."""
    is_cluster: bool = False
    """Whether it is an Aurora cluster."""
    administrator: str = ADMINISTRATOR
    """The PostgreSQL user that makes the others."""
    databases: tuple[str, ...]
    airflows: dict[str, str] = field(default_factory=dict[str, str])
    """What Amazon MWAA calls each Airflow that is made, by its identity."""
    role_arns: dict[str, str]
    """Of the identities whose roles exist."""
    others: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The other identities, whose roles are made, as they are declared."""
    grants: tuple[Grant, ...]

    def made_role_arn(self, identity: str) -> str:
        """Of the role that is made for one of the others."""
        return f"arn:aws:iam::{self.account}:role/{self.environment}-{identity}"

    def grant(self, identity: str, database: str) -> Grant:
        """The grant of ``identity`` on ``database``; LookupError if there is none."""
        for grant in self.grants:
            if (grant.identity, grant.database) == (identity, database):
                return grant
        raise LookupError(f"{identity} has no grant on {database} in {self.environment}")


def read(path: Path, *, database: str = "") -> Declared:
    """Read the declaration in ``path``: its one instance, or the one that has ``database``.

    Raises:
        LookupError: there is not exactly one such instance.
    """
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    having = {
        name: instance
        for name, instance in content["instances"].items()
        if not database or database in instance["databases"]
    }
    if len(having) != 1:
        raise LookupError(f"{path} has {len(having)} instances with the database {database}")
    [(instance, declared)] = having.items()
    existing = _looked_up(path, content, declared.get("existing", {}))
    airflows: dict[str, Any] = content.get("airflows", {AIRFLOW: content.get("airflow", {})})
    return Declared(
        environment=path.stem,
        account=content["account"],
        region=content["region"],
        instance=instance,
        identifier=existing["endpoint"].partition(".")[0]
        if existing
        else f"{path.stem}-{instance}",
        is_cluster=".cluster-" in existing.get("endpoint", "")
        or declared.get("engine") == "aurora-postgresql",
        administrator=existing.get("administrator", ADMINISTRATOR),
        databases=tuple(declared["databases"]),
        airflows={
            name: one.get("name") or (path.stem if name == AIRFLOW else f"{path.stem}-{name}")
            for name, one in airflows.items()
            if "existing" not in one
        },
        role_arns={
            name: identity["role_arn"]
            for name, identity in (
                *((name, one["existing"]) for name, one in airflows.items() if "existing" in one),
                *content.get("identities", {}).items(),
            )
            if "role_arn" in identity
        },
        others={
            name: identity
            for name, identity in content.get("identities", {}).items()
            if "role_arn" not in identity
        },
        grants=tuple(
            Grant(identity=identity, instance=instance, database=database, level=level)
            for database, levels in declared["databases"].items()
            for level in ALLOWED
            for identity in levels.get(level, ())
        ),
    )


def _looked_up(path: Path, content: dict[str, Any], existing: dict[str, Any]) -> dict[str, Any]:
    """What is declared of a server that exists, with what was looked up of it."""
    if "lookup" not in existing:
        return existing
    known = json.loads((path.parent / "lookups.json").read_text())
    return {**known[f"{content['account']}/{content['region']}"][existing["lookup"]], **existing}


def without(path: Path, grant: Grant, *, directory: Path) -> Path:
    """A copy of the declaration in ``path``, under ``directory``, that lacks ``grant``."""
    return _changed(path, grant, None, directory)


def at_level(path: Path, grant: Grant, level: str, *, directory: Path) -> Path:
    """A copy of the declaration in ``path``, under ``directory``, with another level granted."""
    return _changed(path, grant, level, directory)


def with_identities(
    path: Path,
    identities: Mapping[str, Mapping[str, Any]],
    databases: Mapping[str, Mapping[str, list[str]]],
    *,
    directory: Path,
) -> Path:
    """A copy of the declaration in ``path``, under ``directory``, with further identities.

    Args:
        path: of a declaration with one instance.
        identities: as they are declared.
        databases: who of them is let in where, by level.
        directory: is made.
    """
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    [instance] = content["instances"].values()
    for database, levels in databases.items():
        for level, names in levels.items():
            instance["databases"][database].setdefault(level, []).extend(names)
    content["identities"] |= identities
    return _copy(content, path, directory)


def with_resource_id(path: Path, resource_id: str, *, instance: str, directory: Path) -> Path:
    """A copy of the declaration in ``path``, under ``directory``, for a replaced instance."""
    return _with(path, instance, "resource_id", resource_id, directory)


def with_backup_days(path: Path, days: int, *, instance: str, directory: Path) -> Path:
    """A copy of the declaration in ``path``, under ``directory``, with an instance changed."""
    return _with(path, instance, "backup_days", days, directory)


def _with(path: Path, instance: str, key: str, value: object, directory: Path) -> Path:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    content["instances"][instance][key] = value
    return _copy(content, path, directory)


def _changed(path: Path, grant: Grant, level: str | None, directory: Path) -> Path:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    levels = content["instances"][grant.instance]["databases"][grant.database]
    levels[grant.level].remove(grant.identity)
    if level:
        levels.setdefault(level, []).append(grant.identity)
    return _copy(content, path, directory)


def _copy(content: dict[str, Any], path: Path, directory: Path) -> Path:
    directory.mkdir(parents=True)
    copy = directory / path.name
    copy.write_text(yaml.safe_dump(content, sort_keys=False))
    return copy
