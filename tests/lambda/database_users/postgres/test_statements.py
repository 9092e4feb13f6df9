"""Values in, statements out, with no database: the whole plan for servers of each kind.

The snapshot holds each statement under its sentence; `--snapshot-update` writes it anew.
"""

from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from database_users.desired import MANAGED
from database_users.postgres.catalog.contents import (
    Contents,
    DefaultPrivileges,
    ObjectGroup,
    Owned,
)
from database_users.postgres.catalog.server import (
    ExistingDatabase,
    Holding,
    Role,
    RoleSetting,
)
from database_users.postgres.run import plan_from_nothing
from database_users.postgres.statements import some
from database_users.report import lines
from tests.catalogs import (
    EMPTY,
    MASTER,
    ORDERS,
    PAYROLL,
    contents_of,
    grant,
    made,
    member,
    planned,
    server_of,
)


def test_a_new_server(snapshot: SnapshotAssertion):
    plan = plan_from_nothing((ORDERS, PAYROLL), EMPTY)
    assert list(lines(plan)) == snapshot


def test_a_server_that_is_right_needs_nothing():
    contents = {database.name: contents_of(database) for database in (ORDERS, PAYROLL)}
    assert planned(server_of(ORDERS, PAYROLL), (ORDERS, PAYROLL), contents) == ["nothing to do"]


@pytest.mark.parametrize("release", ["16", "17"])
def test_objects_of_others(release: str, snapshot: SnapshotAssertion):
    version = int(release)
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
            "orders": ExistingDatabase("orders", "legacy", ()),
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


def test_names_are_listed_up_to_three():
    assert some(["c", "b", "a"]) == "a, b, c"
    assert some(["d", "c", "b", "a"]) == "a, b, c and 1 more"
