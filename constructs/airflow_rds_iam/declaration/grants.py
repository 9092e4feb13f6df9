"""The grants that a declaration makes, each with the names derived from it once."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from airflow_rds_iam.declaration.databases import LEVELS, Level
from airflow_rds_iam.declaration.derived_names import GROUPS, role, word
from airflow_rds_iam.declaration.model import Declaration


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One identity's access to one database."""

    identity: str
    instance: str
    database: str
    level: Level
    prefix: str = ""
    """What stands before the database in the names of roles, if anything does."""

    @property
    def user(self) -> str:
        """The PostgreSQL user that the identity logs in as, to this database alone."""
        who = f"{self.identity}_{self.prefix}" if self.prefix else self.identity
        return role(who, self.database, self.level)

    @property
    def other_users(self) -> tuple[str, ...]:
        """The users that the identity would log in as with another level."""
        return tuple(replace(self, level=level).user for level in LEVELS if level != self.level)

    @property
    def sid(self) -> str:
        """The statement that lets the identity log in, of letters and digits, as IAM wants it."""
        return f"{self.level.capitalize()}{self.place}"

    @property
    def place(self) -> str:
        """Which database on which instance, of letters and digits."""
        told = re.findall("[A-Za-z0-9]+", f"{self.database} on {self.instance}")
        place = "".join(one.capitalize() for one in told)
        names = [*self.database.split("_"), *self.instance.split("-")]
        # What others may be written like as well is told apart by a hash.
        if all(re.fullmatch(r"[a-z]+", one) and one != "on" for one in names):
            return place
        return place + hashlib.sha256(f"{self.instance}/{self.database}".encode()).hexdigest()[:6]

    @property
    def connection_id(self) -> str:
        """The Airflow connection; without the level, so that a DAG outlives a change of it."""
        return f"{self.instance}_{word(self.database)}"

    @property
    def task_connection_id(self) -> str:
        """The Airflow connection of DAGs that take a role of their own."""
        return f"{self.connection_id}_{self.identity}"

    @property
    def reader_connection_id(self) -> str:
        """The Airflow connection to a cluster's readers, of who reads alone."""
        return f"{self.connection_id}_reader"

    @property
    def construct_id(self) -> str:
        """The same as a part of construct ids."""
        return f"{self.instance}-{word(self.database)}"


def aws_connection_id(grant: Grant) -> str:
    """The connection that says which role they take."""
    return f"{grant.task_connection_id}_role"


@dataclass(frozen=True, kw_only=True)
class GroupRoles:
    """The roles of a database that hold its privileges and log nobody in."""

    owner: str
    writer: str
    reader: str


def group_roles(database: str, prefix: str = "") -> GroupRoles:
    """The group roles of ``database``, of an environment with ``prefix`` if it has one."""
    return GroupRoles(**{ending: role(prefix, database, ending) for ending in GROUPS.values()})


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
                        prefix=declaration.prefix or "",
                    )


def named_by_a_connection(declaration: Declaration, grant: Grant) -> bool:
    """Whether an Airflow connection names its user: that of an Airflow's own, or of a task's."""
    identity = grant.identity
    return identity in declaration.airflows or declaration.whose_task(identity) is not None
