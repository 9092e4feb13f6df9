"""What stays in a database although it is not declared, said once for all that it is true of."""

from dataclasses import replace

from database_users.plan import Change, Finding, Statement
from database_users.postgres.catalog.contents import Contents, ObjectGroup
from database_users.postgres.catalog.server import Role
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.kept import (
    Definers,
    Given,
    Kept,
    LeftToEveryone,
    NotManaged,
    OnlyGrantor,
    OutOfReach,
    Promised,
    summed_up,
)
from database_users.postgres.planners.objects import object_privileges
from tests.catalogs import MASTER, ORDERS, PAYROLL, grant, server_of

USAGE, SELECT = frozenset({"USAGE"}), frozenset({"SELECT"})


def test_what_is_kept_is_told_after_what_is_done_once_for_each_whom_it_is_about():
    inside = Inside(Comparison((ORDERS,), server_of(ORDERS)), ORDERS, Contents(()))
    done, found = Statement("orders", "GRANT", "granted"), Finding("found")
    kept: list[Change | Kept] = [
        *(OutOfReach("far", ("b",)), OutOfReach("far", ("a", "b")), OutOfReach("at", ("c",))),
        *(OnlyGrantor("far", "reader", 2), OnlyGrantor("far", "reader", 3)),
        OnlyGrantor("at", "writer", 1),
        *(Given("the server", USAGE, "type", ("t",)), Given("the server", USAGE, "type", ("s",))),
        Given("an extension", SELECT, "table", ("t",)),
        *(LeftToEveryone("far", SELECT, "table", (name,)) for name in "ab"),
        LeftToEveryone("at", SELECT, "table", ("a",)),
        *(Definers("far", ("g()",)), Definers("far", ("f()", "g()")), Definers("at", ("h()",))),
        *(NotManaged("near", 2), NotManaged("near", 3), NotManaged("at", 1)),
        *(Promised("near", "o_owner", kind) for kind in ("type", "table", "table")),
        Promised("at", "o_owner", "schema"),
        done,
        found,
    ]
    first, second, *rest = summed_up(inside, kept)
    assert (first, second) == (done, found)
    everyone = "everyone (PUBLIC)"
    by_name = (
        "the users declared here among them: give it to those who need it by name, then REVOKE it"
        " FROM PUBLIC"
    )
    assert list(map(str, rest)) == [
        f"orders: {what}"
        for what in (
            f"1 objects of at keep the privileges that they have (c): {MASTER} has no ADMIN OPTION"
            " on at",
            f"2 objects of far keep the privileges that they have (a, b): {MASTER} has no ADMIN"
            " OPTION on far",
            "writer keeps privileges on 1 objects that at granted and only at can revoke",
            "reader keeps privileges on 5 objects that far granted and only far can revoke",
            f"{everyone} has SELECT on 1 tables (t), which an extension gave it",
            f"{everyone} has USAGE on 2 types (s, t), which the server gave it",
            f"{everyone} keeps SELECT on 1 tables of at (a), {by_name}",
            f"{everyone} keeps SELECT on 2 tables of far (a, b), {by_name}",
            "whoever calls one of 1 functions (h()) does what at may do (SECURITY DEFINER)",
            "whoever calls one of 2 functions (f(), g()) does what far may do (SECURITY DEFINER)",
            "at is not managed here and keeps privileges on 1 objects",
            "near is not managed here and keeps privileges on 5 objects",
            "at is not managed here and gets privileges on schemas that o_owner will create",
            "near is not managed here and gets privileges on tables, types that o_owner will"
            " create",
        )
    ]


def kept(*groups: ObjectGroup, lived_in: bool = False) -> list[Kept]:
    server = server_of(ORDERS, PAYROLL)
    server = replace(server, roles=server.roles | {name: Role(name) for name in ("far", "near")})
    comparison = Comparison((ORDERS, PAYROLL), server, lived_in=lived_in)
    changes = object_privileges(Inside(comparison, ORDERS, Contents(groups)))
    return [one for one in changes if not isinstance(one, Statement | Finding)]


def test_what_a_keeper_gives_everyone_stays_and_is_told_and_so_is_who_is_each_owner():
    acl = (
        grant("", "SELECT", "UPDATE", by="rdsadmin"),
        grant("near", "SELECT", by="rdsadmin"),
        grant("pg_database_owner", "SELECT", by="rdsadmin"),
        grant("p_owner", "SELECT", by="rdsadmin"),
    )
    one = ObjectGroup("table", "public", "rdsadmin", acl, ("a", "b"), "an extension")
    assert kept(one) == [
        Given("an extension", frozenset({"UPDATE"}), "table", ("a", "b")),
        NotManaged("pg_database_owner", 2),
        OutOfReach("rdsadmin", ("a", "b")),
    ]


def test_what_everyone_has_of_others_stays_where_they_were_there_before():
    acl = (grant("", "SELECT", "UPDATE", by="far"), grant("near", "SELECT", by="far"))
    one = ObjectGroup("table", "public", "far", acl, ("a", "b"))
    told = [
        LeftToEveryone("far", frozenset({"UPDATE"}), "table", ("a", "b")),
        NotManaged("near", 2),
        OutOfReach("far", ("a", "b")),  # what readers lack
        OutOfReach("far", ("a", "b")),  # what writers lack
        NotManaged("far", 2),
    ]
    assert kept(one, lived_in=True) == told
    assert kept(one) == [OutOfReach("far", ("a", "b")), *told[1:]]
