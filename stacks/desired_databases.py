"""The databases of an instance as its function is to bring them about."""

from collections import defaultdict

from airflow_rds_iam.access.desired_database import DesiredDatabase
from airflow_rds_iam.declaration.databases import Level
from airflow_rds_iam.declaration.grants import Grant, grants, group_roles, named_by_a_connection
from airflow_rds_iam.declaration.model import Declaration


def desired_databases(declaration: Declaration, instance: str) -> list[DesiredDatabase]:
    """What ``declaration`` says of the databases of ``instance``."""
    granted: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants(declaration):
        if grant.instance == instance:
            granted[grant.database].append(grant)

    def users(database: str, level: Level) -> tuple[str, ...]:
        return tuple(one.user for one in granted[database] if one.level == level)

    databases: list[DesiredDatabase] = []
    for name, database in declaration.instances[instance].databases.items():
        roles = group_roles(name, declaration.prefix or "")
        databases.append(
            DesiredDatabase(
                name=name,
                owner=roles.owner,
                writer=roles.writer,
                reader=roles.reader,
                read=users(name, "read"),
                write=users(name, "write"),
                own=users(name, "own"),
                old_owners=tuple(database.old_owners),
                connection_limit=declaration.instances[instance].connections_per_user,
                other_levels=tuple(
                    user
                    for one in granted[name]
                    if named_by_a_connection(declaration, one)
                    for user in one.other_users
                ),
            )
        )
    return databases
