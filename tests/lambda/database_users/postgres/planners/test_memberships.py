"""Who is put into what, who is taken out of it, and what everyone may have inside."""

from dataclasses import replace

import pytest

from database_users.desired import MANAGED
from database_users.plan import Change, Finding
from database_users.postgres.catalog.contents import NEW_DATABASE
from database_users.postgres.catalog.server import Membership, Role, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.inside import Inside
from database_users.postgres.planners.memberships import memberships, revoked_memberships
from database_users.postgres.privileges import PUBLIC
from tests.catalogs import ORDERS, PAYROLL, made, member, server_of


def with_memberships(server: Server, *more: Membership) -> Server:
    """The `server` with `more`, in place of what the same member has of the same role."""
    pairs = {(one.role, one.member) for one in more}
    kept = (one for one in server.memberships if (one.role, one.member) not in pairs)
    return replace(server, memberships=(*kept, *more))


def texts(changes: list[Change]) -> list[str]:
    return [str(one) if isinstance(one, Finding) else one.sql for one in changes]


def taken(server: Server) -> list[str]:
    """What is done to what `reader` is in."""
    comparison = Comparison((ORDERS, PAYROLL), server)
    return texts(list(revoked_memberships(comparison, "reader", of_iam=False)))


def given(server: Server) -> list[Change]:
    return list(memberships(Comparison((ORDERS, PAYROLL), server), (ORDERS, PAYROLL)))


@pytest.mark.parametrize(
    ("option", "words"),
    [("admin", "ADMIN"), ("inherit", "INHERIT"), ("set", "SET")],
)
def test_a_user_keeps_its_mark_and_loses_each_option_on_it(option: str, words: str):
    marked = member(MANAGED, "reader", inherit=False, set=False)
    server = with_memberships(server_of(ORDERS, PAYROLL), replace(marked, **{option: True}))
    assert taken(server) == [
        f'REVOKE {words} OPTION FOR "{MANAGED}" FROM "reader" GRANTED BY "administrator" CASCADE'
    ]


def test_what_only_its_grantor_can_revoke_keeps_nothing_else_from_being_revoked():
    server = with_memberships(
        server_of(ORDERS, PAYROLL),
        member("p_reader", "reader", "stranger"),
        member("p_writer", "reader"),
    )
    assert taken(server) == [
        "reader keeps p_reader, which stranger granted and only stranger can revoke",
        'REVOKE "p_writer" FROM "reader" GRANTED BY "administrator" CASCADE',
    ]


def test_what_a_role_granted_that_the_master_administers_is_revoked_as_that_role():
    server = server_of(ORDERS, PAYROLL)
    server = replace(server, roles=server.roles | {"keeper": Role("keeper")})
    server = with_memberships(server, *made("keeper"), member("p_writer", "reader", "keeper"))
    assert taken(server) == [
        'GRANT "keeper" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'REVOKE "p_writer" FROM "reader" GRANTED BY "keeper" CASCADE',
        'REVOKE "keeper" FROM CURRENT_USER',
    ]


def test_what_a_declared_owner_granted_is_revoked_before_the_master_is_made_its_member():
    server = server_of(ORDERS, PAYROLL)
    kept = (one for one in server.memberships if one != member("p_owner", "administrator"))
    more = member("p_writer", "reader", "p_owner")
    assert taken(replace(server, memberships=(*kept, more))) == [
        'GRANT "p_owner" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'REVOKE "p_writer" FROM "reader" GRANTED BY "p_owner" CASCADE',
        'REVOKE "p_owner" FROM CURRENT_USER',
    ]


def test_each_option_that_only_its_grantor_can_revoke_is_told():
    marked = member(MANAGED, "reader", "stranger", admin=True, inherit=False)
    assert taken(with_memberships(server_of(ORDERS, PAYROLL), marked)) == [
        f"reader keeps the {option} option for {MANAGED}, which stranger granted and only stranger"
        " can revoke"
        for option in ("admin", "set")
    ]


def test_a_member_without_the_privileges_of_its_group_is_given_them():
    server = with_memberships(
        server_of(ORDERS, PAYROLL), member("o_reader", "reader", inherit=False)
    )
    assert texts(given(server)) == ['GRANT "o_reader" TO "reader" WITH INHERIT TRUE, SET TRUE']


def test_an_owner_need_not_have_the_privileges_of_its_group_without_asking():
    assert given(server_of(ORDERS, PAYROLL)) == []


def test_who_lacks_its_group_is_named():
    server = server_of(ORDERS, PAYROLL)
    lacking = {("p_owner", "boss"), ("p_owner", "chief")}
    kept = tuple(one for one in server.memberships if (one.role, one.member) not in lacking)
    (change,) = given(replace(server, memberships=kept))
    assert not isinstance(change, Finding)
    assert change.sql == 'GRANT "p_owner" TO "boss", "chief" WITH INHERIT FALSE, SET TRUE'
    assert change.sentence == "boss, chief may own payroll"


def test_a_group_that_stays_in_its_user_cannot_take_it():
    server = server_of(ORDERS, PAYROLL)
    kept = tuple(
        one for one in server.memberships if (one.role, one.member) != ("o_reader", "reader")
    )
    circle = member("reader", "o_reader", "stranger")
    assert texts(given(replace(server, memberships=(*kept, circle)))) == [
        "reader cannot be made a member of o_reader, which is one of reader by a grant that"
        " administrator cannot revoke: it may not read orders"
    ]


def test_everyone_may_use_a_language_and_no_other_thing_of_the_owner_role():
    inside = Inside(Comparison((ORDERS,), server_of(ORDERS)), ORDERS, NEW_DATABASE)
    for owner in ("rdsadmin", "o_owner"):
        assert inside.allowed("language", owner)[PUBLIC] == {"USAGE"}
    assert inside.allowed("table", "o_owner")[PUBLIC] == frozenset()
    assert inside.allowed("table", "rdsadmin")[PUBLIC] == {"SELECT"}
