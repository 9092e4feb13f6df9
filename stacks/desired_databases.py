"""The databases of an instance as its function is to bring them about."""

from airflow_rds_iam.access.desired_database import DesiredDatabase
from airflow_rds_iam.declaration.grants import grants, group_roles, named_by_a_connection
from airflow_rds_iam.declaration.model import Declaration, Level


def desired_databases(declaration: Declaration, instance: str) -> list[DesiredDatabase]:
    """What ``declaration`` says of the databases of ``instance``."""
    granted = [grant for grant in grants(declaration) if grant.instance == instance]

    def users(database: str, level: Level) -> tuple[str, ...]:
        found = [one for one in granted if (one.database, one.level) == (database, level)]
        return tuple(one.user for one in found)

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
                    for one in granted
                    if one.database == name and named_by_a_connection(declaration, one)
                    for user in one.other_users
                ),
            )
        )
    return databases
