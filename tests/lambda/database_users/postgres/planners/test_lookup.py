"""Which statement needs USAGE lent, on which schema, by whom; and what is left out."""

from dataclasses import replace

import pytest

from database_users.plan import Change, Finding, Statement
from database_users.postgres.catalog.contents import Contents, ObjectGroup, Owned
from database_users.postgres.catalog.server import Role
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.handover import Handover
from database_users.postgres.planners.lookup import lent
from database_users.postgres.privileges import Grant
from tests.catalogs import ORDERS, grant, made, server_of

SELECT = 'GRANT SELECT ON TABLE "app"."item" TO x'
USAGE = frozenset({"USAGE"})


def schema(owner: str, *acl: Grant, name: str = "app", keeper: bool = False) -> ObjectGroup:
    return ObjectGroup("schema", None, owner, acl, (name,), "the server" if keeper else "")


def handover_of(*schemas: ObjectGroup, name: str = "attic", moving: bool = False) -> Handover:
    """Of the database `attic`, which is not declared, to the master; `near` owns things there."""
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles | {"near": Role("near"), "far": Role("far")},
        memberships=(*server.memberships, *made("near")),
        databases=server.databases | {"attic": replace(server.databases["orders"], name="attic")},
    )
    owned = (Owned("near", "schema", None, "app"),) if moving else ()
    roles = frozenset({"near"} if moving else ())
    contents = Contents(schemas, owned=owned)
    owner = ORDERS.owner
    return Handover(Comparison((ORDERS,), server), name, owner, contents, roles)


def statement(sql: str = SELECT, role: str = "", *acts_for: str) -> Statement:
    return Statement("attic", sql, "a sentence", role, acts_for)


def lends(role: str, by: str, one: Statement, schema: str = "app") -> list[Change]:
    to = f'"{role}"' if role else "CURRENT_USER"
    who = role or "the master"
    return [
        Statement(
            "attic",
            f'GRANT USAGE ON SCHEMA "{schema}" TO {to}',
            f"attic: {who} finds what is in {schema}, in this transaction",
            acts_for=(by,),
        ),
        one,
        Statement(
            "attic",
            f'REVOKE USAGE ON SCHEMA "{schema}" FROM {to}',
            f"attic: {who} no longer finds what is in {schema}, in this transaction",
            acts_for=(by,),
        ),
    ]


@pytest.mark.parametrize(
    ("app", "one"),
    [
        (schema("o_owner"), statement()),
        (schema("near"), statement(SELECT, "near")),
        (schema("near"), statement(SELECT, "", "near")),
        (schema("far", grant("", "USAGE", by="far")), statement(SELECT, "near")),
        (schema("far", grant("near", "USAGE", by="far")), statement(SELECT, "near")),
        (schema("far", grant("o_owner", "USAGE", by="far")), statement()),
        (schema("pg_database_owner"), statement(SELECT, "pg_database_owner")),
        (schema("near"), statement('GRANT SELECT ON TABLE "other"."app" TO x', "")),
        (schema("near"), statement("GRANT EXECUTE ON ROUTINE tapp.f(myapp.t) TO x", "")),
        (schema("near"), statement('GRANT EXECUTE ON ROUTINE "x""app".f() TO x', "")),
        (schema("far"), statement('GRANT SELECT ON TABLE "other"."x app.y" TO x', "")),
        (schema("far"), statement('GRANT SELECT ON TABLE "x app.y"."z" TO x', "")),
        (schema("far"), statement('GRANT SELECT ON TABLE "other"."x""app"".y" TO x', "")),
    ],
)
def test_who_finds_the_object_needs_nothing(app: ObjectGroup, one: Statement):
    assert list(lent(handover_of(app), [one])) == [one]


@pytest.mark.parametrize(
    ("app", "one", "lender"),
    [
        (schema("near"), statement(), "near"),
        (schema("o_owner"), statement(SELECT, "near", "near"), "o_owner"),
        (schema("near"), statement(SELECT, "o_owner"), "near"),
        (schema("pg_database_owner"), statement(SELECT, "near"), "o_owner"),
        (schema("near", grant("", "CREATE", by="near")), statement(), "near"),
        (schema("near", grant("far", "USAGE", by="near")), statement(), "near"),
        (
            replace(schema("near"), owner_has=frozenset({"CREATE"})),
            statement(SELECT, "near"),
            "near",
        ),
        (schema("near"), statement("GRANT EXECUTE ON ROUTINE f(app.t) TO x"), "near"),
        (schema("near"), statement('GRANT EXECUTE ON ROUTINE "app".f() TO x'), "near"),
    ],
)
def test_who_does_not_is_lent_usage_by_the_owner(app: ObjectGroup, one: Statement, lender: str):
    assert list(lent(handover_of(app), [one])) == lends(one.role, lender, one)


def test_who_left_itself_usage_finds_its_own():
    app = replace(schema("near"), owner_has=USAGE)
    one = statement(SELECT, "near")
    assert list(lent(handover_of(app), [one])) == [one]


def test_what_is_taken_later_does_not_count():
    app = schema("near", grant("", "USAGE", by="near"))
    one = statement()
    assert list(lent(handover_of(app), [one], lambda _: ())) == lends("", "near", one)
    later = (grant("", "USAGE", by="near"),)
    assert list(lent(handover_of(schema("near")), [one], lambda _: later)) == lends("", "near", one)


def test_what_the_owner_role_is_given_first_of_all_counts():
    one = statement()
    assert list(lent(handover_of(schema("near"), name="orders"), [one])) == [one]
    near = statement(SELECT, "near")
    of_far = handover_of(schema("o_owner"), name="orders")
    assert list(lent(of_far, [near]))[1] == near
    (left_out,) = lent(handover_of(schema("far"), name="orders"), [one])
    assert isinstance(left_out, Finding)
    (left_out,) = lent(handover_of(schema("rdsadmin", keeper=True), name="orders"), [one])
    assert isinstance(left_out, Finding)


def test_a_schema_that_comes_along_is_the_new_owners():
    handover = handover_of(schema("near"), moving=True)
    one, near = statement(), statement(SELECT, "near")
    assert list(lent(handover, [one])) == [one]
    assert list(lent(handover, [near])) == lends("near", "o_owner", near)


def test_statements_of_one_role_share_what_is_lent_and_a_name_of_any_kind_is_quoted():
    awkward = 'A "b".c'
    app = schema("near", name=awkward)
    one, two = (statement(f'GRANT {word} ON TABLE "A ""b"".c"."t" TO x') for word in ("A", "B"))
    other, found = statement("GRANT C ON TABLE public.t TO x"), Finding("something")
    first, *middle, last = lends("", "near", one, awkward)
    first, last = (
        replace(change, sql=change.sql.replace(f'"{awkward}"', '"A ""b"".c"'))
        for change in (first, last)
        if isinstance(change, Statement)
    )
    assert list(lent(handover_of(app), [other, one, two, found])) == [
        other,
        first,
        *middle,
        two,
        last,
        found,
    ]


def test_a_grant_option_makes_the_owner_itself_lend():
    app = schema("near", grant("far", "CREATE", by="near", on=frozenset({"CREATE"})))
    changes = list(lent(handover_of(app), [statement()]))
    assert [one.role for one in changes if isinstance(one, Statement)] == ["near", "", "near"]


def test_what_needs_the_usage_of_somebody_out_of_reach_is_left_out_and_told():
    schemas = (schema("near", name="open"), schema("far"))
    both = statement("ALTER ROUTINE open.f(app.t) OWNER TO x", "")
    assert list(lent(handover_of(*schemas), [both, both], keeps=("reader",))) == [
        Finding(
            "attic: 2 statements are left out, as administrator has no USAGE on the schema app and"
            " administrator no ADMIN OPTION on its owner far; the first: a sentence",
            ("reader",),
        )
    ]
    (told,) = lent(handover_of(*schemas), [statement(SELECT, "near")])
    assert "as near has no USAGE on the schema app" in told.sentence
