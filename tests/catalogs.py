"""Servers and databases as values, and the plan for them, with no server."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from database_users.desired import MANAGED, Database
from database_users.plan import Phase
from database_users.postgres.catalog.contents import (
    NEW_DATABASE,
    Contents,
    DefaultPrivileges,
    ObjectGroup,
)
from database_users.postgres.catalog.server import (
    ExistingDatabase,
    Membership,
    Role,
    RoleSetting,
    Server,
)
from database_users.postgres.catalog.server_rows import empty_server
from database_users.postgres.comparison import Comparison
from database_users.postgres.dry_run import DryRun
from database_users.postgres.order import Visit, follow
from database_users.postgres.privileges import Grant, Kind
from database_users.report import lines

MASTER = "administrator"
ORDERS = Database("orders", "o_owner", "o_writer", "o_reader", ("reader",), ("writer",), ("owner",))
PAYROLL = Database("payroll", "p_owner", "p_writer", "p_reader", (), (), ("boss", "chief"))
EMPTY = empty_server(MASTER, 17)


def grant(grantee: str, *privileges: str, by: str, on: frozenset[str] = frozenset()) -> Grant:
    return Grant(grantee, frozenset(privileges), on, by)


def member(role: str, member: str, by: str = MASTER, **options: bool) -> Membership:
    return Membership(role, member, by, **{"admin": False, "inherit": True, "set": True} | options)


def made(*names: str) -> tuple[Membership, ...]:
    """What the server grants to the master for having made roles."""
    return tuple(
        member(name, MASTER, "rdsadmin", admin=True, inherit=False, set=False) for name in names
    )


def server_of(*databases: Database) -> Server:
    """A server on which `databases` came about."""
    roles = dict(EMPTY.roles) | {MANAGED: Role(MANAGED)}
    memberships = [*EMPTY.memberships, *made(MANAGED)]
    existing = {name: ExistingDatabase(name, MASTER, ()) for name in ("postgres", "template1")}
    settings: list[RoleSetting] = []
    for database in databases:
        for group, level, logins in database.groups:
            roles[group] = Role(group)
            memberships += made(group)
            for login in logins:
                own = level == "own"
                roles[login] = Role(login, can_login=True, inherits=not own)
                memberships += [
                    *made(login),
                    member(group, login, inherit=not own),
                    member("rds_iam", login),
                    member(MANAGED, login, inherit=False, set=False),
                ]
                if own:
                    settings.append(RoleSetting(login, None, group))
        memberships.append(member(database.owner, MASTER))
        existing[database.name] = ExistingDatabase(
            database.name,
            database.owner,
            (
                grant(database.reader, "CONNECT", by=database.owner),
                grant(database.writer, "CONNECT", "TEMPORARY", by=database.owner),
                *(grant(name, "CONNECT", by=database.owner) for name in database.own),
            ),
        )
    return replace(
        EMPTY,
        roles=roles,
        memberships=tuple(memberships),
        databases=existing,
        role_settings=tuple(settings),
    )


def contents_of(database: Database, version: int = 17) -> Contents:
    """The contents of `database` once it came about."""
    maintain = ("MAINTAIN",) if version >= 17 else ()
    owner, writer, reader = database.owner, database.writer, database.reader
    both = (grant(writer, "USAGE", by=owner), grant(reader, "USAGE", by=owner))
    rights: dict[Kind, tuple[Grant, ...]] = {
        "schema": both,
        "table": (
            grant(writer, "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", *maintain, by=owner),
            grant(reader, "SELECT", by=owner),
        ),
        "sequence": (
            grant(writer, "SELECT", "USAGE", "UPDATE", by=owner),
            grant(reader, "SELECT", by=owner),
        ),
        "routine": (grant(writer, "EXECUTE", by=owner), grant(reader, "EXECUTE", by=owner)),
        "type": both,
    }
    return Contents(
        (
            ObjectGroup(
                "schema",
                None,
                "pg_database_owner",
                (
                    grant(writer, "USAGE", by="pg_database_owner"),
                    grant(reader, "USAGE", by="pg_database_owner"),
                ),
                ("public",),
            ),
            *(
                ObjectGroup(kind, "public", owner, rights[kind], (f"a {kind}",))
                for kind in rights
                if kind != "schema"
            ),
        ),
        tuple(DefaultPrivileges(owner, None, kind, acl) for kind, acl in rights.items()),
    )


class Told(DryRun):
    """A run whose databases hold what it was told."""

    def __init__(self, server: Server, contents: dict[str, Contents]) -> None:
        super().__init__(server)
        self._contents = contents

    @contextmanager
    def visit(self, comparison: Comparison, name: str) -> Generator[Visit]:
        del comparison  # the contents were told with what is of those who leave
        yield Visit(self._contents.get(name, NEW_DATABASE), self.do)


def planned(
    server: Server, databases: tuple[Database, ...], contents: dict[str, Contents]
) -> list[str]:
    plan = follow(Told(server, contents), databases)
    for step in plan.steps:
        within = {statement.database for statement in step.statements}
        assert len(within) <= 1 if step.phase is Phase.INSIDE else within <= {"postgres"}
    return list(lines(plan))
