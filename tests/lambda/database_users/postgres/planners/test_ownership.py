"""What removed users and old owners hold is handed over, taken back, or told of."""

from collections.abc import Iterable
from dataclasses import replace

from database_users.plan import Finding, Planned, Statement, Transaction
from database_users.postgres.catalog.contents import (
    NEW_DATABASE,
    Contents,
    Mention,
    ObjectGroup,
    Owned,
)
from database_users.postgres.catalog.server import Holding, Role, Server, SharedObject
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.ownership import adopted, databases_to_hand_over, freed
from database_users.postgres.privileges import Grant
from tests.catalogs import ORDERS, PAYROLL, grant, made, server_of


def test_only_the_databases_in_which_a_removed_user_holds_something_are_entered_for_it():
    server = server_of(ORDERS, PAYROLL)
    server = replace(server, holdings=(Holding("owner", "payroll", frozenset({"pg_class"})),))
    comparison = Comparison((replace(ORDERS, own=()), PAYROLL), server)
    assert databases_to_hand_over(comparison) == {"payroll"}
    assert list(freed(comparison, "orders", NEW_DATABASE, 9)) == []
    (transaction,) = freed(comparison, "payroll", NEW_DATABASE, 9)
    assert isinstance(transaction, Transaction)
    assert transaction.may_fail
    assert 'REASSIGN OWNED BY "owner"' in transaction.statements[1].sql


def less_of(server: Server, *logins: str) -> Comparison:
    """ORDERS without `logins`, which hold something there."""
    holdings = tuple(Holding(login, "orders", frozenset({"pg_class"})) for login in logins)
    server = replace(server, holdings=(*holdings, *server.holdings))
    declared = replace(
        ORDERS,
        read=tuple(one for one in ORDERS.read if one not in logins),
        write=tuple(one for one in ORDERS.write if one not in logins),
        own=tuple(one for one in ORDERS.own if one not in logins),
    )
    return Comparison((declared,), server)


def transactions(planned: Iterable[Planned]) -> list[Transaction]:
    return [one for one in planned if isinstance(one, Transaction)]


def told(comparison: Comparison, contents: Contents) -> tuple[list[str], list[Finding]]:
    """The statements that free `orders` of removed users, and what is found."""
    planned = list(freed(comparison, "orders", contents, 9))
    assert all(one.may_fail for one in transactions(planned))
    statements = [one.sql for each in transactions(planned) for one in each.statements]
    return statements, [one for one in planned if isinstance(one, Finding)]


DROPPED = [
    'GRANT "reader" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
    'REASSIGN OWNED BY "reader" TO "o_owner"',
    'DROP OWNED BY "reader"',
    'REVOKE "reader" FROM CURRENT_USER',
]


def test_a_user_with_nothing_in_its_way_is_freed_of_all():
    contents = Contents((), mentions=(Mention("reader", "o_owner"), Mention("writer", "far")))
    assert told(less_of(server_of(ORDERS), "reader"), contents) == (DROPPED, [])


def test_in_an_undeclared_database_all_goes_to_its_owner_or_where_that_is_far_to_the_master():
    server = server_of(ORDERS)
    orders = server.databases["orders"]
    for owner, new in (("near", "near"), ("far", "administrator")):
        databases = {"attic": replace(orders, name="attic", owner=owner)}
        roles = {name: Role(name) for name in ("near", "far")}
        server = replace(
            server,
            roles=server.roles | roles,
            databases=server.databases | databases,
            memberships=(*server.memberships, *made("near")),
            holdings=(Holding("reader", "attic", frozenset({"pg_class"})),),
        )
        comparison = Comparison((replace(ORDERS, read=()),), server)
        (transaction,) = freed(comparison, "attic", Contents(()), 9)
        assert isinstance(transaction, Transaction)
        assert f'REASSIGN OWNED BY "reader" TO "{new}"' in [
            statement.sql for statement in transaction.statements
        ]


def test_what_is_handed_over_is_about_the_database_and_the_user_and_in_so_many_objects():
    owned = tuple(Owned("reader", "table", "public", f"public.t{number}") for number in range(5))
    others = (Owned("owner", "table", "public", "public.other"),)
    schema = ObjectGroup("schema", None, "pg_database_owner", (), ("public",))
    comparison = less_of(server_of(ORDERS), "reader")
    contents = Contents((schema,), owned=(*owned, *others))
    parts = transactions(freed(comparison, "orders", contents, 2))
    assert {one.of for one in parts} == {(("database", "orders"), ("user", "reader"))}
    altered = [
        [statement.sql.split()[2] for statement in one.statements if "ALTER" in statement.sql]
        for one in parts
    ]
    assert altered == [["public.t0", "public.t1"], ["public.t2", "public.t3"], ["public.t4"]]


def test_a_user_that_cannot_be_handed_over_is_the_one_that_is_kept():
    owned = (Owned("reader", "event trigger", None, "e", "only a superuser may own it"),)
    _, findings = told(less_of(server_of(ORDERS), "reader", "writer"), Contents((), owned=owned))
    assert [one.keeps for one in findings] == [("reader",)]


def test_what_is_of_the_whole_server_is_handed_over_within_the_database_and_as_who_had_it():
    server = server_of(ORDERS)
    shared = (SharedObject("tablespace", "fast", "reader", ()),)
    planned = freed(less_of(replace(server, shared=shared), "reader"), "orders", Contents(()), 9)
    statements = [one for each in transactions(planned) for one in each.statements]
    assert {statement.database for statement in statements} == {"orders"}
    (reassigned,) = (one for one in statements if one.sql.startswith("REASSIGN"))
    assert reassigned.acts_for == ("reader", "o_owner")


def test_a_grant_that_goes_along_with_another_users_is_not_taken_twice():
    by_reader = grant("writer", "SELECT", by="reader")
    with_option = grant("reader", "SELECT", by="o_owner", on=frozenset({"SELECT"}))
    table = ObjectGroup("table", "public", "o_owner", (with_option, by_reader), ("one",))
    statements, findings = told(less_of(server_of(ORDERS), "reader", "writer"), Contents((table,)))
    assert [one for one in statements if one.startswith("REVOKE SELECT")] == [
        'REVOKE SELECT ON TABLE "public"."one" FROM "reader" CASCADE'
    ]
    assert findings == []


def test_what_a_user_has_in_the_whole_server_is_never_given_to_the_owner_of_one_database():
    server = server_of(ORDERS)
    attic = replace(server.databases["orders"], name="attic", owner="reader")
    shared = (
        SharedObject("tablespace", "fast", "reader", ()),
        SharedObject("tablespace", "slow", "near", ()),
        SharedObject("parameter", "work_mem", "reader", ()),
    )
    server = replace(server, databases=server.databases | {"attic": attic}, shared=shared)
    statements, _ = told(less_of(server, "reader"), Contents(()))
    assert statements[1:4] == [
        'ALTER DATABASE "attic" OWNER TO "administrator"',
        'ALTER TABLESPACE "fast" OWNER TO CURRENT_USER',
        DROPPED[1],
    ]


def test_a_policy_is_left_by_who_owns_its_table():
    server = server_of(ORDERS)
    server = replace(server, memberships=(*server.memberships, *made("near")))
    statements, findings = told(
        less_of(server, "reader"), Contents((), mentions=(Mention("reader", "near"),))
    )
    assert statements[0] == 'GRANT "near" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE'
    assert (DROPPED[2] in statements, findings) == (True, [])


def test_a_policy_of_a_table_out_of_reach_keeps_its_user():
    mentions = tuple(Mention("reader", owner) for owner in ("far", "o_owner"))
    assert told(less_of(server_of(ORDERS), "reader"), Contents((), mentions=mentions)) == (
        [],
        [
            Finding(
                "orders: reader is named in policies, or temporary things, of far, on whom"
                " administrator has no ADMIN OPTION: it cannot be dropped",
                ("reader",),
            )
        ],
    )


def test_a_policy_of_a_table_that_was_handed_over_before_is_the_new_owners():
    contents = Contents((), mentions=(Mention("writer", "reader"), Mention("writer", "writer")))
    statements, findings = told(less_of(server_of(ORDERS), "reader", "writer"), contents)
    assert (statements, findings) == (
        [*DROPPED, *(one.replace('"reader"', '"writer"') for one in DROPPED)],
        [],
    )


def test_a_grant_on_the_servers_own_keeps_its_user():
    server = server_of(ORDERS)
    named = frozenset({"pg_proc"})
    there = Holding("reader", "orders", named=named, of_server=named)
    assert told(less_of(replace(server, holdings=(there,)), "reader"), Contents(())) == (
        [],
        [
            Finding(
                "orders: reader is named in access lists of PostgreSQL's own objects, which only"
                " the server's superuser can change: it cannot be dropped",
                ("reader",),
            )
        ],
    )
    elsewhere = replace(there, database="attic")
    assert told(less_of(replace(server, holdings=(elsewhere,)), "reader"), Contents(())) == (
        DROPPED,
        [],
    )


def test_grants_out_of_reach_are_counted_by_who_made_them():
    def table(name: str, *acl: Grant) -> ObjectGroup:
        return ObjectGroup("table", "public", "far", acl, (name, f"{name} too"))

    contents = Contents(
        (
            ObjectGroup("schema", None, "pg_database_owner", (), ("public",)),
            table("one", grant("reader", "SELECT", by="far")),
            table("two", grant("reader", "SELECT", by="far"), grant("writer", "SELECT", by="far")),
            table(
                "three",
                grant("farther", "SELECT", by="far", on=frozenset({"SELECT"})),
                grant("reader", "SELECT", by="farther"),
            ),
            ObjectGroup(
                "type", "public", "o_owner", (grant("reader", "USAGE", by="o_owner"),), ("t",)
            ),
        )
    )
    statements, findings = told(less_of(server_of(ORDERS), "reader"), contents)
    assert statements == ['REVOKE USAGE ON TYPE "public"."t" FROM "reader" CASCADE']
    assert findings == [
        Finding(
            f"orders: reader keeps privileges on {count} objects that {grantor} granted and only"
            f" {grantor} can revoke: it cannot be dropped",
            ("reader",),
        )
        for grantor, count in (("far", 4), ("farther", 2))
    ]


def test_what_stays_is_told_by_the_reason_and_named():
    owned = (
        Owned("reader", "event trigger", None, "e", "only a superuser may own it"),
        Owned("reader", "table", "app", "app.one"),
        Owned("reader", "view", "app", "app.two"),
        Owned("writer", "table", "app", "app.three"),
    )
    contents = Contents((ObjectGroup("schema", None, "far", (), ("app",)),), owned=owned)
    statements, findings = told(less_of(server_of(ORDERS), "reader"), contents)
    assert (statements, findings) == (
        [],
        [
            Finding(
                "orders: 2 objects of reader are not taken over (table app.one, view app.two):"
                " o_owner may create nothing in the schema app",
                ("reader",),
            ),
            Finding(
                "orders: 1 objects of reader are not taken over (event trigger e): only a superuser"
                " may own it",
                ("reader",),
            ),
        ],
    )


def test_old_owners_and_roles_of_ours_lose_each_object_by_itself_and_extensions_together():
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles | {"near": Role("near")},
        memberships=(*server.memberships, *made("near")),
        holdings=tuple(
            Holding(role, "orders", frozenset({"pg_class"})) for role in ("near", "reader", "owner")
        ),
    )
    declared = replace(ORDERS, own=(), old_owners=("near",))
    contents = Contents(
        (ObjectGroup("schema", None, "pg_database_owner", (), ("public",)),),
        owned=(
            Owned("near", "extension", None, "vector"),
            Owned("near", "function", "public", "public.f()"),
            Owned("reader", "collation", "public", "public.c"),
            Owned("owner", "table", "public", "public.t"),
            Owned("near", "event trigger", None, "e", "only a superuser may own it"),
        ),
    )
    changes = list(adopted(Inside(Comparison((declared,), server), declared, contents)))
    assert [(one.sql, one.acts_for) for one in changes if isinstance(one, Statement)] == [
        ('ALTER COLLATION public.c OWNER TO "o_owner"', ("reader", "o_owner")),
        ('ALTER ROUTINE public.f() OWNER TO "o_owner"', ("near", "o_owner")),
    ]
    assert [one.keeps for one in changes if isinstance(one, Finding)] == [("near",), ("near",)]
    without = replace(contents, owned=contents.owned[:-1])
    changes = list(adopted(Inside(Comparison((declared,), server), declared, without)))
    assert [one.sentence for one in changes if isinstance(one, Statement)] == [
        "orders: the collation public.c belongs to o_owner, no longer to reader",
        "orders: the function public.f() belongs to o_owner, no longer to near",
        "orders: whatever else near owns belongs to o_owner now",
    ]
    assert [one.sql for one in changes if isinstance(one, Statement)][-1] == (
        'REASSIGN OWNED BY "near" TO "o_owner"'
    )
