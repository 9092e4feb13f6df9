"""What others would lose on a server that was there before."""

from dataclasses import replace

import pytest

from database_users.desired import MANAGED
from database_users.errors import LockoutError
from database_users.postgres.catalog.server import ExistingDatabase, Role, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.lived_in import refuse_strangers, taken_from_others
from tests.catalogs import EMPTY, MASTER, ORDERS, PAYROLL, grant, member, server_of

REMEDY = "or choose another name in the declaration"


def taken(server: Server) -> list[str]:
    return list(map(str, taken_from_others(Comparison((ORDERS,), server, lived_in=True))))


def with_roles(server: Server, *names: str, login: bool = False) -> Server:
    return replace(server, roles=server.roles | {name: Role(name, login) for name in names})


def test_roles_of_our_names_are_somebodys_before_our_first_run():
    found = taken(with_roles(EMPTY, "reader", "o_owner", "p_owner", "near"))
    assert found == [
        f"the role {name} was there before, and is somebody's: rename it (ALTER ROLE"
        f' "{name}" RENAME TO …), {REMEDY}'
        for name in ("o_owner", "reader")
    ]


def test_users_without_our_mark_are_somebodys_and_group_roles_are_ours_after_it():
    assert taken(server_of(ORDERS)) == []
    marks = {member(MANAGED, "reader", inherit=False, set=False)}
    rest = tuple(one for one in server_of(ORDERS).memberships if one not in marks)
    unmarked = replace(server_of(ORDERS), memberships=rest)
    (told,) = taken(unmarked)
    assert told.startswith("the role reader was there before")
    # What was cut off before the database was made is ours.
    begun = server_of(ORDERS)
    databases = {name: one for name, one in begun.databases.items() if name != "orders"}
    assert taken(replace(begun, databases=databases)) == []


def test_group_roles_are_anothers_that_own_anothers_database_or_have_its_users():
    server = with_roles(server_of(PAYROLL), "o_owner", "o_writer", "o_reader", "airflow_rds_iam_b")
    assert taken(server) == []
    names = ["o_owner", "o_reader", "o_writer"]
    attic = {"attic": ExistingDatabase("attic", "o_owner", ())}
    owned = taken(replace(server, databases=server.databases | attic))
    assert [one.split()[2] for one in owned] == names
    theirs = with_roles(server, "b_reader", login=True)
    theirs = replace(
        theirs,
        memberships=(
            *theirs.memberships,
            member("o_reader", "b_reader"),
            member("airflow_rds_iam_b", "b_reader"),
        ),
    )
    assert [one.split()[2] for one in taken(theirs)] == names
    # Whoever they let in besides, they are ours where their database is theirs.
    ours = replace(theirs, databases=theirs.databases | attic | {
        "orders": ExistingDatabase("orders", "o_owner", ())
    })  # fmt: skip
    assert taken(ours) == []


def test_who_would_lose_what_everyone_has_is_named_with_what_helps():
    acl = (
        grant("", "CONNECT", "TEMPORARY", by="far"),
        grant("team", "CONNECT", by="far"),
        grant("whole", "CONNECT", "TEMPORARY", by="far"),
    )
    server = with_roles(EMPTY, "team", "o_nologin")
    server = with_roles(server, "b", "a", "in_team", "whole", "far", login=True)
    server = replace(
        server,
        memberships=(*server.memberships, member("team", "in_team")),
        databases={
            "orders": ExistingDatabase("orders", "far", acl),
            "postgres": ExistingDatabase("postgres", MASTER, (grant("", "CONNECT", by=MASTER),)),
        },
    )
    on = 'ON DATABASE "orders"'
    assert taken(server) == [
        f"orders: a, b may CONNECT, TEMPORARY only because everyone may: GRANT CONNECT, TEMPORARY"
        f' {on} TO "a", "b", or, if they shall not, REVOKE CONNECT, TEMPORARY {on} FROM PUBLIC',
        f"orders: in_team may TEMPORARY only because everyone may: GRANT TEMPORARY {on} TO"
        f' "in_team", or, if they shall not, REVOKE TEMPORARY {on} FROM PUBLIC',
    ]


def test_marked_users_that_are_not_declared_are_another_environments():
    refuse_strangers(server_of(ORDERS), (ORDERS, PAYROLL))
    with pytest.raises(LockoutError) as error:
        refuse_strangers(server_of(ORDERS, PAYROLL), (ORDERS,))
    assert str(error.value) == (
        "nothing was changed: boss, chief would be removed, and are of another environment, or of"
        " one that is gone (members of airflow_rds_iam): declare a `prefix` that no other"
        " environment on this server has, or drop them first"
    )
