"""What the server's own catalogs hold of some databases, to compare two runs."""

from typing import Any

from database_users.desired import Database
from database_users.postgres.catalog.contents_rows import contents_from_rows, contents_query
from database_users.postgres.catalog.server_rows import SERVER_QUERY, server_from_rows
from tests.database_server import Postgres


def snapshot(server: Postgres, databases: tuple[Database, ...]) -> Any:
    """Everything in the catalogs that `databases` is about."""
    with server.connect("postgres") as session:
        state = server_from_rows(session.query(SERVER_QUERY, "test"))
    names = {name for database in databases for name, _, _ in database.groups} | {
        login for database in databases for _, _, logins in database.groups for login in logins
    }
    contents: dict[str, Any] = {}
    for database in databases:
        with server.connect(database.name) as session:
            rows = session.query(contents_query(), "test")
            found = contents_from_rows(rows, state.is_administrator)
        contents[database.name] = (
            {
                (o.kind, o.schema, o.owner, frozenset(o.acl), (*o.names, *o.columns))
                for o in found.objects
            },
            {(d.role, d.schema, d.kind, frozenset(d.acl)) for d in found.defaults},
        )
    return (
        {name: state.roles[name] for name in names},
        {m for m in state.memberships if m.member in names or m.role in names},
        {
            (database.name, existing.owner, frozenset(existing.acl), existing.allows_connections)
            for database in databases
            for existing in [state.databases[database.name]]
        },
        {setting for setting in state.role_settings if setting.login in names},
        state.managed_logins,
        contents,
    )
