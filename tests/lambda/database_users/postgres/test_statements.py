"""Values in, statements out, with no database: the whole plan for servers of each kind.

The snapshot holds each statement under its sentence; `--snapshot-update` writes it anew.
"""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from database_users.desired import MANAGED, Database
from database_users.errors import LockoutError
from database_users.plan import Phase, Transaction
from database_users.postgres.catalog.contents import (
    NEW_DATABASE,
    Contents,
    DefaultPrivileges,
    ObjectGroup,
    Owned,
)
from database_users.postgres.catalog.server import (
    ExistingDatabase,
    Holding,
    Membership,
    Role,
    RoleSetting,
    Server,
)
from database_users.postgres.catalog.server_rows import empty_server
from database_users.postgres.comparison import Comparison
from database_users.postgres.dry_run import DryRun
from database_users.postgres.order import Visit, follow
from database_users.postgres.planners.lockout import lockout_findings, refuse_lockouts
from database_users.postgres.planners.ownership import databases_to_hand_over, freed
from database_users.postgres.privileges import Grant, Kind
from database_users.postgres.run import plan_from_nothing
from database_users.postgres.statements import some
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
    def visit(self, name: str, leaving: Collection[str]) -> Generator[Visit]:
        del leaving  # the contents were told with what is theirs
        yield Visit(self._contents.get(name, NEW_DATABASE), self.do)


def planned(
    server: Server, databases: tuple[Database, ...], contents: dict[str, Contents]
) -> list[str]:
    plan = follow(Told(server, contents), databases)
    for step in plan.steps:
        within = {statement.database for statement in step.statements}
        assert len(within) <= 1 if step.phase is Phase.INSIDE else within <= {"postgres"}
    return list(lines(plan))


def test_a_new_server(snapshot: SnapshotAssertion):
    plan = plan_from_nothing((ORDERS, PAYROLL), EMPTY)
    assert list(lines(plan)) == snapshot


def test_a_server_that_is_right_needs_nothing():
    contents = {database.name: contents_of(database) for database in (ORDERS, PAYROLL)}
    assert planned(server_of(ORDERS, PAYROLL), (ORDERS, PAYROLL), contents) == ["nothing to do"]


@pytest.mark.parametrize("version", [16, 17])
def test_objects_of_others(version: int, snapshot: SnapshotAssertion):
    server = server_of(ORDERS)
    server = replace(
        server,
        version=version,
        roles=server.roles | {"legacy": Role("legacy"), "stranger": Role("stranger")},
        memberships=(*server.memberships, *made("legacy")),
    )
    right = contents_of(ORDERS, version)
    others: list[ObjectGroup] = []
    for owner in ("legacy", "rdsadmin"):
        tables = tuple(f"{owner}_{number:03}" for number in range(201))
        everyone = (grant("", "USAGE", "CREATE", by=owner),)
        others += (
            ObjectGroup("schema", None, owner, everyone, (f"of {owner}",)),
            ObjectGroup("table", "app", owner, (), tables),
            ObjectGroup(
                "sequence", "app", owner, (grant("o_writer", "USAGE", by=owner),), (f"{owner}_seq",)
            ),
            ObjectGroup(
                "routine", "app", owner, (grant("", "EXECUTE", by=owner),), (f"app.{owner}()",)
            ),
            ObjectGroup(
                "type", "app", owner, (grant("stranger", "USAGE", by=owner),), (f"{owner}_type",)
            ),
        )
    contents = replace(right, objects=(*right.objects, *others))
    assert planned(server, (ORDERS,), {"orders": contents}) == snapshot


def test_grants_by_hand(snapshot: SnapshotAssertion):
    server = server_of(ORDERS, PAYROLL)
    databases = {
        **server.databases,
        "orders": replace(
            server.databases["orders"],
            acl=(
                grant("", "CONNECT", "TEMPORARY", by="o_owner"),
                grant("o_reader", "CONNECT", "CREATE", by="o_owner"),
                grant("boss", "CONNECT", by="o_owner"),
                grant("stranger", "CONNECT", by="o_owner"),
                grant("writer", "CONNECT", by="stranger"),
                grant("chief", "TEMPORARY", by="o_owner"),
                grant("o_writer", "CONNECT", by="o_owner"),
                grant("owner", "CONNECT", by="o_owner"),
            ),
        ),
        "postgres": ExistingDatabase(
            "postgres", "rdsadmin", (grant("", "CONNECT", by="rdsadmin"),)
        ),
        "other": ExistingDatabase("other", MASTER, (grant("", "CONNECT", by=MASTER),)),
    }
    server = replace(
        server,
        roles=server.roles
        | {
            "stranger": Role("stranger"),
            "reader": Role("reader", True, False, False, True, True, True, False),
            "writer": Role("writer"),
            "o_writer": Role("o_writer", can_login=True, create_db=True),
        },
        memberships=(
            *(m for m in server.memberships if (m.role, m.member) != ("rds_iam", "boss")),
            member("p_owner", "reader"),
            member("o_reader", "reader", by="stranger", admin=True),
            member("o_writer", "writer", admin=True),
            member("o_owner", "owner", inherit=True),
            member("pg_read_all_data", "o_reader"),
            member("rds_iam", "o_writer"),
            member(MANAGED, "o_writer", inherit=False, set=False),
            member("p_reader", "reader"),
        ),
        role_settings=(
            RoleSetting("stranger", None, "o_owner"),
            RoleSetting("owner", None, "o_reader"),
            RoleSetting("reader", None, "p_owner"),
            RoleSetting("owner", "orders", "p_owner"),
            *(setting for setting in server.role_settings if setting.login != "owner"),
        ),
        databases=databases,
        sessions=frozenset({"reader", "writer", "stranger"}),
    )
    right = contents_of(ORDERS)
    by_hand = (
        ObjectGroup(
            "table",
            "public",
            "o_owner",
            (
                grant("", "SELECT", by="o_owner"),
                grant("o_reader", "SELECT", "INSERT", by="o_owner", on=frozenset({"SELECT"})),
                grant("o_writer", "SELECT", by="o_owner"),
                grant("boss", "SELECT", by="o_owner"),
                grant("reader", "DELETE", by="stranger"),
                grant("stranger", "SELECT", by="o_owner"),
            ),
            ("one", "two"),
        ),
        ObjectGroup(
            "column",
            "public",
            "o_owner",
            (
                grant("o_reader", "SELECT", "UPDATE", by="o_owner"),
                grant("o_writer", "INSERT", by="o_owner"),
            ),
            ("one",),
            columns=("a column", "b"),
        ),
    )
    defaults = (
        DefaultPrivileges("o_owner", "app", "table", (grant("o_reader", "INSERT", by="o_owner"),)),
        DefaultPrivileges(
            "o_owner",
            "app",
            "routine",
            (
                grant("", "EXECUTE", by="o_owner"),
                grant("o_writer", "EXECUTE", by="o_owner", on=frozenset({"EXECUTE"})),
                grant("stranger", "EXECUTE", by="o_owner"),
            ),
        ),
        DefaultPrivileges("stranger", None, "table", (grant("", "INSERT", by="stranger"),)),
        DefaultPrivileges("stranger", None, "type", (grant("", "USAGE", by="stranger"),)),
    )
    contents = Contents((*right.objects, *by_hand), (*right.defaults[1:], *defaults))
    assert (
        planned(server, (ORDERS, PAYROLL), {"orders": contents, "payroll": contents_of(PAYROLL)})
        == snapshot
    )


def test_users_that_go(snapshot: SnapshotAssertion):
    server = server_of(ORDERS, PAYROLL)
    server = replace(
        server,
        roles=server.roles
        | {"reader": replace(server.roles["reader"], can_login=False)}
        | {"admin": Role("admin", can_login=True, create_role=True)},
        memberships=(*server.memberships, member(MANAGED, "admin"), *made("admin")),
        databases=server.databases
        | {
            "owned": ExistingDatabase(
                "owned",
                "owner",
                (grant("", "CONNECT", by="owner"), grant("reader", "CONNECT", by="owner")),
            ),
            "foreign": ExistingDatabase(
                "foreign", "stranger", (grant("owner", "CONNECT", by="x"),)
            ),
        },
        holdings=(
            Holding("owner", "orders", frozenset({"pg_class"})),
            Holding("owner", "payroll"),
            Holding("owner", "owned", frozenset({"pg_class"})),
            Holding("o_reader", "orders", frozenset({"pg_class"})),
            Holding("o_owner", "orders", frozenset({"pg_class"})),
            Holding("stranger", "orders", frozenset({"pg_class"})),
        ),
        sessions=frozenset({"writer", "boss"}),
    )
    right = contents_of(ORDERS)
    owned = ObjectGroup(
        "table", "public", "owner", (grant("owner2", "SELECT", by="owner"),), ("t",)
    )
    contents = {
        "orders": replace(
            right,
            objects=(*right.objects, owned),
            owned=(
                Owned("o_reader", "view", "public", "public.v"),
                Owned("owner", "table", "public", "public.t"),
            ),
        ),
        "payroll": contents_of(PAYROLL),
    }
    less = replace(ORDERS, read=("writer",), write=(), own=())
    assert planned(server, (less, PAYROLL), contents) == snapshot


def test_a_takeover(snapshot: SnapshotAssertion):
    adopting = replace(ORDERS, old_owners=("legacy", "rdsadmin", "absent"))
    server = replace(
        EMPTY,
        roles=EMPTY.roles
        | {
            "legacy": Role("legacy", can_login=True),
            "reader": Role("reader", can_login=True),
            "boss": Role("boss", can_login=True, create_db=True),
            "o_owner": Role("o_owner"),
        },
        memberships=(
            *EMPTY.memberships,
            *made("reader", "o_owner", "boss"),
            *made("legacy"),
            member("legacy", MASTER, inherit=False),
        ),
        databases=EMPTY.databases
        | {
            "orders": ExistingDatabase("orders", "legacy", (), allows_connections=False),
            "other": ExistingDatabase("other", "legacy", ()),
            "payroll": ExistingDatabase(
                "payroll", "stranger", (grant("", "CONNECT", by="stranger"),)
            ),
        },
        holdings=(
            Holding("legacy", "orders", frozenset({"pg_class"})),
            Holding("rdsadmin", "orders", frozenset({"pg_class"})),
            Holding(MASTER, "orders", frozenset({"pg_class"})),
        ),
    )
    contents = Contents(
        (
            ObjectGroup("schema", None, "legacy", (), ("app",)),
            ObjectGroup(
                "table", "app", "legacy", (grant("o_owner", "SELECT", by="legacy"),), ("t",)
            ),
        ),
        owned=(
            Owned("legacy", "table", "app", "app.t"),
            Owned("legacy", "schema", None, "app"),
            Owned("legacy", "default acl", None, "for role legacy on tables"),
            Owned("rdsadmin", "table", "app", "app.other"),
        ),
    )
    assert (
        planned(server, (adopting, PAYROLL), {"orders": contents, "payroll": contents}) == snapshot
    )


def test_a_database_of_somebody_else_within_reach(snapshot: SnapshotAssertion):
    server = server_of(ORDERS)
    theirs = replace(
        server.databases["orders"],
        owner="legacy",
        acl=(grant("o_owner", "CONNECT", by="legacy"), grant("o_reader", "CREATE", by="legacy")),
    )
    server = replace(
        server,
        roles=server.roles | {"legacy": Role("legacy")},
        memberships=(*server.memberships, *made("legacy")),
        databases=server.databases | {"orders": theirs},
    )
    assert planned(server, (ORDERS,), {"orders": contents_of(ORDERS)}) == snapshot


def test_the_master_comes_to_act_for_an_owner():
    server = server_of(ORDERS)
    memberships = tuple(
        replace(m, inherit=False) if (m.role, m.member) == ("o_owner", MASTER) else m
        for m in server.memberships
    )
    server = replace(server, memberships=memberships)
    plan = planned(server, (ORDERS,), {"orders": contents_of(ORDERS)})
    assert plan == [
        "-- the master acts for o_owner",
        'GRANT "o_owner" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;',
        "1 statement",
    ]


def test_who_is_in_rds_iam_by_mistake_is_reported_and_nobody_else():
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles
        | {
            "a_team": Role("a_team"),
            "dba": Role("dba", can_login=True, create_role=True),
            "human": Role("human", can_login=True),
            "password": Role("password", can_login=True),
        },
        memberships=(
            *server.memberships,
            member("rds_iam", "human"),
            member("rds_iam", "dba"),
            member("reader", "a_team"),
            member("a_team", "password"),
        ),
    )
    reason = "it can log in with a token alone, and its password is off"
    comparison = Comparison((ORDERS,), server)
    refuse_lockouts(comparison)
    assert [finding.sentence for finding in lockout_findings(comparison)] == [
        f"dba is in rds_iam by dba > rds_iam: {reason}",
        f"password is in rds_iam by password > a_team > reader > rds_iam: {reason}",
    ]


def test_names_are_listed_up_to_three():
    assert some(["c", "b", "a"]) == "a, b, c"
    assert some(["d", "c", "b", "a"]) == "a, b, c and 1 more"


def test_who_made_a_login_user_by_hand_is_not_locked_out():
    server = server_of()
    server = replace(
        server,
        roles=server.roles | {"reader": Role("reader", True), "dba": Role("dba", True)},
        memberships=(*server.memberships, member("reader", "dba", "x", admin=True, inherit=False)),
    )
    with pytest.raises(LockoutError, match="dba is a member of reader"):
        refuse_lockouts(Comparison((ORDERS,), server))
    refuse_lockouts(Comparison((PAYROLL,), server))


@pytest.mark.parametrize("name", ["owner", "o_owner", "o_reader"])
@pytest.mark.parametrize("attribute", ["superuser", "create_role"])
def test_an_administrator_is_never_taken_over(name: str, attribute: str):
    server = server_of()
    role = Role(name, **{attribute: True})
    with pytest.raises(LockoutError, match=f"{name} exists and is an administrator"):
        refuse_lockouts(Comparison((ORDERS,), replace(server, roles=server.roles | {name: role})))


def test_a_member_of_rds_superuser_is_an_administrator():
    server = replace(
        server_of(),
        memberships=(member("rds_superuser", "team"), member("team", "owner")),
        roles={"owner": Role("owner")},
    )
    with pytest.raises(LockoutError, match="owner exists and is an administrator"):
        refuse_lockouts(Comparison((ORDERS,), server))


def test_a_group_that_logs_nobody_in_may_come_to_be_in_rds_iam_and_an_administrator_may_not():
    server = server_of()
    in_team = member("reader", "team", "x", inherit=False)
    roles = server.roles | {"reader": Role("reader", True), "team": Role("team")}
    server = replace(server, roles=roles, memberships=(*server.memberships, in_team))
    refuse_lockouts(Comparison((ORDERS,), server))
    powerful = replace(server, roles=roles | {"team": Role("team", create_role=True)})
    with pytest.raises(LockoutError, match="REVOKE reader FROM team first"):
        refuse_lockouts(Comparison((ORDERS,), powerful))


def test_the_master_acts_as_whom_it_inherits_and_may_set_itself_to_through_any_chain():
    server = replace(
        EMPTY,
        memberships=(
            member("near", MASTER),
            member("far", "near"),
            member("farthest", "far"),
            member("not inherited", "far", inherit=False),
            member("not set", "far", set=False),
            member("administered", "farthest", admin=True, inherit=False, set=False),
        ),
    )
    assert server.acts_as(()) == {MASTER, "near", "far", "farthest"}
    assert server.administers(()) == {"administered"}
    assert server.acts_as(("far",)) == {MASTER, "near", "far"}
    assert server.administers(("far",)) == set()
    assert server.administers(("farthest",)) == set()
    assert server.privileges_of(MASTER) == {MASTER, "near", "far", "farthest", "not set"}


def test_only_the_databases_in_which_a_removed_user_holds_something_are_entered_for_it():
    server = server_of(ORDERS, PAYROLL)
    server = replace(server, holdings=(Holding("owner", "payroll", frozenset({"pg_class"})),))
    comparison = Comparison((replace(ORDERS, own=()), PAYROLL), server)
    assert databases_to_hand_over(comparison) == {"payroll"}
    assert list(freed(comparison, "orders", NEW_DATABASE)) == []
    (transaction,) = freed(comparison, "payroll", NEW_DATABASE)
    assert isinstance(transaction, Transaction)
    assert transaction.may_fail
    assert 'REASSIGN OWNED BY "owner"' in transaction.statements[1].sql
