"""What comes to belong to the owner role, in which order, and why something cannot."""

from dataclasses import replace

import pytest

from database_users.postgres.catalog.contents import Contents, ObjectGroup, Owned
from database_users.postgres.catalog.server import Holding, Role, Server, SharedObject
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.handover import Handover, altered, disarmed, leaving
from database_users.postgres.privileges import Grant
from tests.catalogs import MASTER, ORDERS, PAYROLL, grant, made, server_of

NEAR, FAR = "near", "far"
TABLE = Owned(NEAR, "table", "app", "app.item")


def schema(name: str, owner: str, *acl: Grant, keeper: bool = False) -> ObjectGroup:
    return ObjectGroup("schema", None, owner, acl, (name,), "the server" if keeper else "")


def wrapper(owner: str, *acl: Grant) -> ObjectGroup:
    return ObjectGroup("foreign-data wrapper", None, owner, acl, ("given",))


def handed_over(
    *objects: ObjectGroup,
    owned: tuple[Owned, ...] = (TABLE,),
    roles: tuple[str, ...] = (NEAR,),
    owner: str = ORDERS.owner,
    name: str = "orders",
    server: Server | None = None,
) -> Handover:
    server = server or with_others()
    contents = Contents(objects, owned=owned)
    return Handover(Comparison((ORDERS,), server), name, owner, contents, frozenset(roles))


def with_others(database_of: str = ORDERS.owner, *acl: Grant) -> Server:
    server = server_of(ORDERS)
    existing = replace(server.databases["orders"], owner=database_of, acl=acl)
    return replace(
        server,
        roles=server.roles | {NEAR: Role(NEAR), FAR: Role(FAR)},
        memberships=(*server.memberships, *made(NEAR)),
        databases=server.databases | {"orders": existing},
    )


@pytest.mark.parametrize(
    "app",
    [
        schema("app", ORDERS.owner),
        schema("app", ORDERS.owner, keeper=True),
        schema("app", "pg_database_owner"),
        schema("app", NEAR),  # it comes along, or CREATE is given first of all
        schema("app", FAR, grant(ORDERS.owner, "CREATE", by=FAR)),
        schema("app", FAR, grant("", "CREATE", by=FAR)),
    ],
)
def test_a_table_goes_to_an_owner_that_may_create_beside_it(app: ObjectGroup):
    other = schema("other", FAR)
    handover = handed_over(other, app)
    assert (handover.moved, handover.stuck) == ((TABLE,), ())
    assert handover.owner_then(ObjectGroup("table", "app", NEAR, (), ("item",))) == ORDERS.owner


@pytest.mark.parametrize(
    "app",
    [
        schema("app", FAR),
        schema("app", FAR, grant("o_reader", "CREATE", by=FAR)),
        schema("app", FAR, grant(ORDERS.owner, "USAGE", by=FAR)),
        schema("app", "rdsadmin", keeper=True),
        schema("other", ORDERS.owner),
    ],
)
def test_a_table_stays_where_the_owner_may_not_create_beside_it(app: ObjectGroup):
    handover = handed_over(app)
    why = "o_owner may create nothing in the schema app"
    assert (handover.moved, handover.stuck) == ((), ((TABLE, why),))
    assert handover.owner_then(ObjectGroup("table", "app", NEAR, (), ("item",))) == NEAR


def test_a_schema_that_comes_along_is_no_help_where_nothing_may_be_created_in_the_database():
    """Not for a database that is declared: there CREATE is given first of all."""
    server = with_others()
    server = replace(
        server,
        databases=server.databases
        | {"attic": replace(server.databases["orders"], name="attic", owner=FAR)},
    )
    one = Owned(NEAR, "schema", None, "app")
    handover = handed_over(
        schema("app", NEAR), owned=(TABLE, one), owner=MASTER, name="attic", server=server
    )
    assert handover.stuck == (
        (TABLE, f"{MASTER} may create nothing in the schema app"),
        (one, f"{MASTER} may create nothing in the database"),
    )
    allowed = replace(server.databases["attic"], acl=(grant(MASTER, "CREATE", by=FAR),))
    server = replace(server, databases=server.databases | {"attic": allowed})
    handover = handed_over(
        schema("app", NEAR), owned=(TABLE, one), owner=MASTER, name="attic", server=server
    )
    assert handover.moved == (one, TABLE)


@pytest.mark.parametrize("kind", ["schema", "publication", "subscription"])
@pytest.mark.parametrize(
    ("database_of", "acl", "may"),
    [
        (ORDERS.owner, (), True),
        (NEAR, (), True),
        (FAR, (), False),
        (FAR, (grant("", "CREATE", by=FAR),), True),
        (FAR, (grant(ORDERS.owner, "CREATE", by=FAR),), True),
        (FAR, (grant(ORDERS.owner, "CONNECT", by=FAR),), False),
    ],
)
def test_what_is_in_no_schema_needs_create_in_the_database(
    kind: str, database_of: str, acl: tuple[Grant, ...], may: bool
):
    one = Owned(NEAR, kind, None, "one")
    handover = handed_over(owned=(one,), server=with_others(database_of, *acl))
    assert handover.hindrance(one) == ("" if may else "o_owner may create nothing in the database")


def test_other_things_in_no_schema_need_nothing_of_the_database():
    one = Owned(NEAR, "large object", None, "7")
    assert handed_over(owned=(one,), server=with_others(FAR)).moved == (one,)


def test_nothing_is_taken_from_whom_the_master_cannot_act_for():
    one = replace(TABLE, role=FAR)
    handover = handed_over(schema("app", ORDERS.owner), owned=(one,), roles=(FAR,))
    assert handover.stuck == ((one, f"{MASTER} has no ADMIN OPTION on far"),)


def test_what_a_superuser_alone_may_own_stays():
    one = Owned(NEAR, "event trigger", None, "one", "only a superuser may own it")
    handover = handed_over(owned=(one,))
    assert (handover.moved, handover.stuck) == ((), ((one, "only a superuser may own it"),))


@pytest.mark.parametrize(
    ("given", "may"),
    [
        (wrapper(FAR), False),
        (wrapper(FAR, grant(ORDERS.owner, "USAGE", by=FAR)), True),
        (wrapper(FAR, grant("", "USAGE", by=FAR)), True),
        (wrapper(FAR, grant("o_reader", "USAGE", by=FAR)), False),
        (wrapper(ORDERS.owner), True),
    ],
)
def test_a_foreign_server_goes_to_who_may_use_its_wrapper(given: ObjectGroup, may: bool):
    one = Owned(NEAR, "server", None, '"a ""server"', needs="given")
    handover = handed_over(given, owned=(one,))
    why = "o_owner may not use the foreign-data wrapper given"
    assert handover.hindrance(one) == ("" if may else why)
    group = ObjectGroup("foreign server", None, NEAR, (), ('a "server',))
    assert handover.owner_then(group) == (ORDERS.owner if may else NEAR)
    assert handover.owner_then(replace(group, names=("another",))) == NEAR
    plain = replace(one, sql="plain")
    handover = handed_over(given, owned=(plain,))
    assert handover.owner_then(replace(group, names=("plain",))) == (ORDERS.owner if may else NEAR)


def test_a_wrapper_stays_whose_it_is():
    assert handed_over().owner_then(wrapper(NEAR)) == NEAR


def test_what_nobody_hands_over_has_the_owner_that_it_has():
    handover = handed_over(schema("app", ORDERS.owner))
    assert handover.owner_then(ObjectGroup("table", "app", FAR, (), ("one",))) == FAR
    assert handover.owner_now("pg_database_owner") == ORDERS.owner
    assert handover.owner_now(FAR) == FAR


@pytest.mark.parametrize(
    ("role", "name", "goes"),
    [
        (NEAR, "orders", True),  # an old owner: its code is declared to be the owner's
        ("owner", "orders", True),
        ("writer", "orders", False),
        ("o_writer", "orders", False),
        ("boss", "orders", False),  # who owns another database
        (NEAR, "attic", False),
    ],
)
def test_what_acts_as_its_owner_goes_to_nobody_who_may_do_more(role: str, name: str, goes: bool):
    server = server_of(ORDERS, PAYROLL)
    server = replace(
        server,
        roles=server.roles | {NEAR: Role(NEAR)},
        memberships=(*server.memberships, *made(NEAR)),
    )
    one = replace(TABLE, role=role, acts=True)
    handover = Handover(
        Comparison((ORDERS, PAYROLL), server),
        name,
        ORDERS.owner,
        Contents((schema("app", ORDERS.owner),), owned=(one,)),
        frozenset({role}),
    )
    assert handover.hindrance(one) == ("" if goes else "what it runs would run as o_owner")
    assert handover.hindrance(replace(one, acts=False)) == ""
    group = ObjectGroup("table", "app", role, (), ("item",), acts=True)
    assert handover.owner_then(group) == (ORDERS.owner if goes else role)
    assert handover.owner_then(replace(group, acts=False)) == ORDERS.owner


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("function", "ALTER ROUTINE app.f() SECURITY INVOKER"),
        ("procedure", "ALTER ROUTINE app.f() SECURITY INVOKER"),
        ("view", "ALTER VIEW app.f() SET (security_invoker = true)"),
        ("table", ""),
        ("aggregate", ""),
    ],
)
def test_what_does_as_its_owner_may_is_told_to_do_as_its_caller_may(kind: str, statement: str):
    assert disarmed(Owned(NEAR, kind, "app", "app.f()")) == statement


EXTENSION = Owned(NEAR, "extension", None, "vector")


def test_an_extension_goes_last():
    schemas = Owned(NEAR, "schema", None, "app")
    view = Owned(NEAR, "function", "app", "app.f()")
    owned = (EXTENSION, view, TABLE, schemas)
    handover = handed_over(schema("app", NEAR), owned=owned)
    assert handover.moved == (schemas, TABLE, view, EXTENSION)


@pytest.mark.parametrize(
    "change",
    [
        "a database",
        "a tablespace",
        "a subscription elsewhere",
        "an event trigger beside it",
    ],
)
def test_an_extension_stays_with_whom_the_same_statement_would_take_more_from(change: str):
    server, owned = with_others(), (EXTENSION,)
    match change:
        case "a database":
            attic = replace(server.databases["orders"], name="attic", owner=NEAR)
            server = replace(server, databases=server.databases | {"attic": attic})
        case "a tablespace":
            server = replace(server, shared=(SharedObject("tablespace", "fast", NEAR, ()),))
        case "a subscription elsewhere":
            there = Holding(NEAR, "attic", frozenset({"pg_subscription"}))
            server = replace(server, holdings=(there,))
        case _:
            owned = (EXTENSION, Owned(NEAR, "event trigger", None, "e", "only a superuser"))
    handover = handed_over(owned=owned, server=server)
    assert handover.hindrance(EXTENSION) == (
        "with an extension goes all that its owner has in the whole server"
    )
    assert handed_over(owned=(EXTENSION,)).hindrance(EXTENSION) == ""


@pytest.mark.parametrize(
    "holding",
    [
        Holding(NEAR, "orders", frozenset({"pg_subscription"})),
        Holding(NEAR, "", frozenset({"pg_subscription"})),
        Holding(NEAR, "attic", frozenset({"pg_class"})),
        Holding(FAR, "attic", frozenset({"pg_subscription"})),
    ],
)
def test_what_is_elsewhere_and_stays_there_keeps_no_extension(holding: Holding):
    server = replace(with_others(), holdings=(holding,))
    assert handed_over(owned=(EXTENSION,), server=server).hindrance(EXTENSION) == ""


def test_a_removed_users_databases_are_the_masters_before():
    server = with_others()
    attic = replace(server.databases["orders"], name="attic", owner="owner")
    server = replace(server, databases=server.databases | {"attic": attic})
    less = Comparison((replace(ORDERS, own=()),), server)
    one = replace(EXTENSION, role="owner")
    contents = Contents((), owned=(one,))
    handover = Handover(less, "orders", ORDERS.owner, contents, frozenset({"owner"}))
    assert handover.hindrance(one) == ""


def test_an_extension_stays_with_an_owner_role_that_keeps_its_own_database():
    server = with_others()
    payroll = replace(server.databases["orders"], name="payroll", owner=PAYROLL.owner)
    one = replace(EXTENSION, role=PAYROLL.owner)
    both = Comparison(
        (ORDERS, PAYROLL), replace(server, databases=server.databases | {"payroll": payroll})
    )
    contents = Contents((), owned=(one,))
    handover = Handover(both, "orders", ORDERS.owner, contents, frozenset({PAYROLL.owner}))
    assert "with an extension goes all" in handover.hindrance(one)


@pytest.mark.parametrize(
    ("role", "name", "stays"),
    [
        ("writer", "orders", True),
        ("reader", "orders", True),
        ("owner", "orders", False),
        ("writer", "payroll", False),
    ],
)
def test_a_large_object_stays_with_who_may_read_or_write_in_that_database(
    role: str, name: str, stays: bool
):
    one = Owned(role, "large object", None, "7")
    handover = handed_over(owned=(one,), roles=(role,), name=name, owner=MASTER)
    assert handover.owned == (() if stays else (one,))
    group = ObjectGroup("large object", None, role, (), ("7",))
    assert handover.owner_then(group) == (role if stays else MASTER)
    assert handed_over(owned=(replace(one, kind="table"),), roles=(role,)).owned != ()


def test_default_privileges_and_user_mappings_are_nobody_elses_ever():
    owned = tuple(Owned(NEAR, kind, None, kind) for kind in ("default acl", "user mapping"))
    assert handed_over(owned=owned).owned == ()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("function", "ROUTINE x"),
        ("procedure", "ROUTINE x"),
        ("aggregate", "ROUTINE x"),
        ("statistics object", "STATISTICS x"),
        ("materialized view", "MATERIALIZED VIEW x"),
        ("text search dictionary", "TEXT SEARCH DICTIONARY x"),
    ],
)
def test_a_statement_names_a_kind_in_its_own_words(kind: str, words: str):
    assert altered(Owned(NEAR, kind, None, "x")) == words


def test_who_is_to_own_nothing_in_a_database():
    server = with_others()
    roles = ("o_owner", "o_reader", "reader", "owner", NEAR, FAR)
    holdings = tuple(
        Holding(role, name, frozenset({"pg_class"}))
        for role in roles
        for name in ("orders", "attic")
    )
    named = (Holding("writer", "orders", named=frozenset({"pg_class"})),)
    server = replace(server, holdings=(*holdings, *named))
    declared = replace(ORDERS, own=(), write=(), old_owners=(NEAR,))
    comparison = Comparison((declared,), server)
    assert leaving(comparison, "orders") == {"o_reader", "reader", "owner", "writer", NEAR}
    assert leaving(comparison, "attic") == {"owner"}
    assert leaving(Comparison((ORDERS,), server), "orders") == {"o_reader", "reader", "owner"}
