"""What is done to a database as a whole: of what each transaction is, and who is told of what."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from database_users.desired import Database
from database_users.plan import Finding, Planned, Transaction
from database_users.postgres.catalog.server import ExistingDatabase, Holding, Role, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.databases import (
    closed_databases,
    created_databases,
    opened_databases,
    owned_databases,
)
from database_users.postgres.privileges import Acl
from tests.catalogs import MASTER, ORDERS, PAYROLL, grant, made, member, server_of

ALL = ("CONNECT", "CREATE", "TEMPORARY")


def with_database(server: Server, existing: ExistingDatabase) -> Server:
    return replace(server, databases=server.databases | {existing.name: existing})


def with_role(server: Server, name: str, *, login: bool = False) -> Server:
    return replace(server, roles=server.roles | {name: Role(name, can_login=login)})


def sql_of(planned: Iterable[Planned]) -> list[str]:
    transactions = [one for one in planned if isinstance(one, Transaction)]
    return [statement.sql for one in transactions for statement in one.statements]


def told(planned: Iterable[Planned]) -> list[str]:
    return [one.sentence for one in planned if isinstance(one, Finding)]


def of_orders(acl: Acl, owner: str = "o_owner", **more: int) -> ExistingDatabase:
    return ExistingDatabase("orders", owner, acl, **more)  # pyright: ignore[reportArgumentType]


def test_a_database_with_users_is_closed_by_itself_and_they_are_its_rivals():
    server = with_database(server_of(ORDERS), of_orders((grant("", "CONNECT", by="o_owner"),)))
    (closed,) = closed_databases(Comparison((ORDERS, PAYROLL), server))
    assert isinstance(closed, Transaction)
    assert closed.of == (("database", "orders"),)
    assert closed.rivals == ("o_owner", "owner")


def new_and_old(owner: str) -> list[Transaction]:
    """What closes two new databases of `owner`, and one that has users."""
    server = with_database(server_of(ORDERS), of_orders((grant("", "CONNECT", by="o_owner"),)))
    other = Database("stock", "s_owner", "s_writer", "s_reader")
    for name in ("payroll", "stock"):
        server = with_database(
            server, ExistingDatabase(name, owner, (grant("", "CONNECT", by=owner),))
        )
    comparison = Comparison((ORDERS, PAYROLL, other), with_role(server, "legacy"))
    return [one for one in closed_databases(comparison) if isinstance(one, Transaction)]


def test_new_databases_of_the_masters_own_are_closed_together_or_else_each_by_itself():
    alone, together = new_and_old(MASTER)
    assert (alone.of, alone.instead) == ((("database", "orders"),), ())
    assert together.of == (("database", "payroll"), ("database", "stock"))
    assert [one.of for one in together.instead] == [(subject,) for subject in together.of]
    assert tuple(s for one in together.instead for s in one.statements) == together.statements


def test_what_somebody_elses_role_owns_is_closed_by_itself():
    server = with_role(server_of(ORDERS), "legacy")
    server = replace(server, memberships=(*server.memberships, *made("legacy")))
    for name in ("payroll", "stock"):
        server = with_database(
            server, ExistingDatabase(name, "legacy", (grant("", "CONNECT", by="legacy"),))
        )
    other = Database("stock", "s_owner", "s_writer", "s_reader")
    planned = list(closed_databases(Comparison((ORDERS, PAYROLL, other), server)))
    assert [one.of for one in planned if isinstance(one, Transaction)] == [
        (("database", "payroll"),),
        (("database", "stock"),),
    ]


def test_databases_that_are_missing_are_opened_together():
    (opened,) = opened_databases(Comparison((ORDERS, PAYROLL), server_of()))
    assert isinstance(opened, Transaction)
    assert [one.of for one in opened.instead] == [
        (("database", "orders"),),
        (("database", "payroll"),),
    ]


def test_another_grantors_grants_are_revoked_before_the_owners():
    acl = (
        grant("stranger", "CONNECT", by="o_owner", on=frozenset({"CONNECT"})),
        grant("o_reader", "TEMPORARY", by="o_owner"),
        grant("o_reader", "CREATE", by="legacy"),
        grant("o_writer", *("CONNECT", "TEMPORARY"), by="o_owner", on=frozenset({"CONNECT"})),
        grant("writer", "CONNECT", by="nobody"),
        grant("owner", "CREATE", by="o_owner"),
    )
    server = with_database(server_of(ORDERS), of_orders(acl))
    server = replace(server, memberships=(*server.memberships, *made("legacy")))
    planned = list(closed_databases(Comparison((ORDERS,), with_role(server, "legacy"))))
    revocations = [sql for sql in sql_of(planned) if sql.startswith("REVOKE") and "ON DAT" in sql]
    assert revocations == [
        'REVOKE CREATE ON DATABASE "orders" FROM "o_reader" CASCADE',
        'REVOKE TEMPORARY ON DATABASE "orders" FROM "o_reader" CASCADE',
        'REVOKE GRANT OPTION FOR CONNECT ON DATABASE "orders" FROM "o_writer" CASCADE',
        'REVOKE CREATE ON DATABASE "orders" FROM "owner" CASCADE',
    ]
    assert sql_of(planned)[:2] == [
        'GRANT "legacy" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'SET ROLE "legacy"',
    ]
    assert told(planned) == [
        "orders: writer keeps CONNECT on the database; only nobody can revoke it"
    ]


def test_the_master_acts_for_an_owner_that_it_is_no_member_of_yet():
    server = with_database(server_of(ORDERS), of_orders((grant("", "CONNECT", by="o_owner"),)))
    none = tuple(one for one in server.memberships if (one.role, one.admin) != ("o_owner", False))
    planned = closed_databases(Comparison((ORDERS,), replace(server, memberships=none)))
    assert sql_of(planned) == [
        'GRANT "o_owner" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'REVOKE CONNECT ON DATABASE "orders" FROM PUBLIC CASCADE',
        'REVOKE "o_owner" FROM CURRENT_USER',
    ]


def test_the_master_keeps_its_way_into_the_database_that_it_works_in():
    home = ExistingDatabase("postgres", "legacy", (grant("", "CONNECT", by="legacy"),))
    server = with_role(with_database(server_of(), home), "legacy")
    server = replace(server, memberships=(*server.memberships, *made("legacy")))
    kept = [
        'GRANT "legacy" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'REVOKE CONNECT ON DATABASE "postgres" FROM PUBLIC CASCADE',
        'GRANT CONNECT ON DATABASE "postgres" TO CURRENT_USER',
        'REVOKE "legacy" FROM CURRENT_USER',
    ]
    planned = list(closed_databases(Comparison((), server)))
    assert sql_of(planned) == kept
    assert [one.sentence for tx in planned if isinstance(tx, Transaction) for one in tx.statements][
        2
    ] == "postgres: the master may connect, which it could because everyone could"
    by_name = replace(home, acl=(*home.acl, grant(MASTER, "CONNECT", by="legacy")))
    planned = closed_databases(Comparison((), with_database(server, by_name)))
    assert kept[2] not in sql_of(planned)
    no_way = replace(home, acl=(*home.acl, grant(MASTER, "CREATE", by="legacy")))
    planned = closed_databases(Comparison((), with_database(server, no_way)))
    assert kept[2] in sql_of(planned)


def test_who_could_connect_because_everyone_could_is_told_in_one_sentence():
    server = with_database(server_of(ORDERS), of_orders((grant("", "CONNECT", by="o_owner"),)))
    for name in ("human", "dashboard"):
        server = with_role(server, name, login=True)
    (sentence,) = told(closed_databases(Comparison((ORDERS,), server)))
    assert sentence.startswith("orders: dashboard, human could connect because everyone could, and")


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (
            {"connection_limit": 0},
            ['ALTER DATABASE "orders" CONNECTION LIMIT -1'],
        ),
        (
            {"connection_limit": 1},
            ['ALTER DATABASE "orders" CONNECTION LIMIT -1'],
        ),
        ({"connection_limit": -1}, []),
        (
            {"left_itself": frozenset({"CREATE"})},
            ['GRANT CONNECT, TEMPORARY ON DATABASE "orders" TO "o_owner"'],
        ),
        ({"left_itself": frozenset(ALL)}, []),
    ],
)
def test_what_an_owner_did_to_its_database_is_undone(existing: dict[str, int], expected: list[str]):
    server = server_of(ORDERS)
    server = with_database(server, replace(server.databases["orders"], **existing))
    planned = list(owned_databases(Comparison((ORDERS,), server)))
    assert sql_of(planned) == expected
    assert all(
        isinstance(one, Transaction) and one.rivals == ("o_owner", "owner") for one in planned
    )


def test_a_database_that_is_not_declared_is_let_be_unless_a_removed_user_is_left_in_it():
    shut = ExistingDatabase(
        "old", "legacy", (), connection_limit=0, left_itself=frozenset[str]({"TEMPORARY"})
    )
    server = with_role(with_database(server_of(ORDERS), shut), "legacy")
    server = replace(server, memberships=(*server.memberships, *made("legacy")))
    without = Comparison((replace(ORDERS, read=()),), server)
    assert sql_of(owned_databases(without)) == []
    for role, expected in (
        ("writer", []),
        (
            "reader",
            [
                'GRANT "legacy" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
                'ALTER DATABASE "old" CONNECTION LIMIT -1',
                'REVOKE "legacy" FROM CURRENT_USER',
                'GRANT "legacy" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
                'GRANT CONNECT ON DATABASE "old" TO "legacy"',
                'REVOKE "legacy" FROM CURRENT_USER',
            ],
        ),
    ):
        held = replace(server, holdings=(Holding(role, "old"), Holding("reader", "orders")))
        planned = owned_databases(Comparison((replace(ORDERS, read=()),), held))
        assert sql_of(planned) == expected


def test_whether_the_master_may_enter():
    server = server_of(ORDERS)
    for name, acl in (
        ("shut", (grant(MASTER, "CREATE", by="x"),)),
        ("named", (grant(MASTER, "CONNECT", by="x"),)),
        ("public", (grant("", "CONNECT", by="x"),)),
        ("by_owner", (grant("o_owner", "CONNECT", by="x"),)),
        ("of_others", (grant("stranger", "CONNECT", by="x"),)),
    ):
        server = with_database(server, ExistingDatabase(name, "x", acl))
    comparison = Comparison((ORDERS,), server)
    names = ("orders", "missing", "shut", "named", "public", "by_owner", "of_others")
    assert [name for name in names if not comparison.may_enter(name)] == ["shut", "of_others"]


def test_who_is_in_a_role_by_a_grant_out_of_reach_stays_in_it():
    server = server_of(ORDERS)
    server = replace(
        server,
        memberships=(
            *server.memberships,
            member("reader", "between", "stranger"),
            member("between", "o_reader", "stranger"),
            member("writer", "o_writer"),
        ),
    )
    comparison = Comparison((ORDERS,), server)
    assert comparison.stays_in("o_reader", "reader")
    assert not comparison.stays_in("o_writer", "writer")
    assert not comparison.stays_in("o_reader", "nobody")
    assert comparison.logins_of(ORDERS) == ("reader", "writer", "owner")
    assert comparison.logins_of(replace(PAYROLL, own=())) == ()


def test_a_database_is_made_closed_and_opened_by_itself():
    made_of, closed = created_databases(Comparison((ORDERS,), server_of()))
    assert isinstance(made_of, Transaction)
    assert isinstance(closed, Transaction)
    assert made_of.of == closed.of == (("database", "orders"),)
    assert sql_of([made_of, closed]) == [
        'CREATE DATABASE "orders" OWNER "o_owner" TEMPLATE template0 ALLOW_CONNECTIONS false',
        'REVOKE ALL ON DATABASE "orders" FROM PUBLIC',
        'ALTER DATABASE "orders" ALLOW_CONNECTIONS true',
    ]
    assert list(created_databases(Comparison((ORDERS,), server_of(ORDERS)))) == []


def test_a_database_that_is_shut_is_opened_with_its_owners_as_rivals():
    shut = of_orders((), allows_connections=False)
    (opened,) = created_databases(Comparison((ORDERS,), with_database(server_of(ORDERS), shut)))
    assert isinstance(opened, Transaction)
    assert sql_of([opened]) == ['ALTER DATABASE "orders" ALLOW_CONNECTIONS true']
    assert (opened.of, opened.rivals) == ((("database", "orders"),), ("o_owner", "owner"))
    assert opened.statements[0].sentence == "orders: those who may connect can"


def test_who_takes_a_database_over_is_given_what_its_owner_took_from_itself():
    left = of_orders((grant("o_owner", "CREATE", by="legacy"),), "legacy", left_itself=frozenset())  # pyright: ignore[reportArgumentType]
    server = with_database(with_role(server_of(ORDERS), "legacy"), left)
    server = replace(server, memberships=(*server.memberships, *made("legacy")))
    comparison = Comparison((replace(ORDERS, old_owners=("legacy",)),), server)
    assert [sql for sql in sql_of(owned_databases(comparison)) if " DATABASE " in sql] == [
        'ALTER DATABASE "orders" OWNER TO "o_owner"',
        'GRANT CONNECT, TEMPORARY ON DATABASE "orders" TO "o_owner"',
    ]
