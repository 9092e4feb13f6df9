"""The grants that a declaration makes, each with the names derived from it once."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from airflow_rds_iam.declaration.model import LEVELS, Declaration, Level


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One identity's access to one database."""

    identity: str
    instance: str
    database: str
    level: Level

    @property
    def user(self) -> str:
        """The PostgreSQL user that the identity logs in as, to this database alone."""
        return f"{self.identity}_{self.database}_{self.level}"

    @property
    def other_users(self) -> tuple[str, ...]:
        """The users that the identity would log in as with another level."""
        return tuple(replace(self, level=level).user for level in LEVELS if level != self.level)

    @property
    def sid(self) -> str:
        """The statement that lets the identity log in, of letters and digits, as IAM wants it."""
        names = [*self.database.split("_"), *self.instance.split("-")]
        told = f"{self.level}_{self.database}_on_{self.instance}".replace("-", "_")
        sid = "".join(word.capitalize() for word in told.split("_"))
        # What others may be written like as well is told apart by a hash.
        if all(re.fullmatch(r"[a-z]+", word) and word != "on" for word in names):
            return sid
        return sid + hashlib.sha256(f"{self.instance}/{self.database}".encode()).hexdigest()[:6]

    @property
    def connection_id(self) -> str:
        """The Airflow connection; without the level, so that a DAG outlives a change of it."""
        return f"{self.instance}_{self.database}"


@dataclass(frozen=True, kw_only=True)
class GroupRoles:
    """The roles of a database that hold its privileges and log nobody in."""

    owner: str
    writer: str
    reader: str


def group_roles(database: str) -> GroupRoles:
    """The group roles of ``database``."""
    return GroupRoles(
        owner=f"{database}_owner", writer=f"{database}_writer", reader=f"{database}_reader"
    )


def grants(declaration: Declaration) -> Iterator[Grant]:
    """Every grant of ``declaration``, in its order."""
    for instance_name, instance in declaration.instances.items():
        for database_name, database in instance.databases.items():
            for level in LEVELS:
                for identity in database.identities(level):
                    yield Grant(
                        identity=identity,
                        instance=instance_name,
                        database=database_name,
                        level=level,
                    )
