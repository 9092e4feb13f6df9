"""Whose privileges a role has, through any chain of memberships."""

from dataclasses import replace

from database_users.desired import IAM, MANAGED
from database_users.postgres.catalog.server import Role
from tests.catalogs import EMPTY, MASTER, made, member


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


def test_an_administrator_with_the_mark_is_ours_if_it_has_a_token_and_did_not_make_the_mark():
    names = ("ours", "master before", "with a password", "shut")
    logins = {
        name: Role(name, can_login=name != "shut", create_role=name != "ours") for name in names
    }
    server = replace(
        EMPTY,
        roles={**EMPTY.roles, MANAGED: Role(MANAGED), **logins},
        memberships=(
            *(member(MANAGED, name) for name in names),
            *made(MANAGED),
            member(MANAGED, "master before", "rdsadmin", admin=True, set=False),
            member(IAM, "ours"),
            member(IAM, "master before"),
            member("rds_superuser", "ours"),
        ),
    )
    assert server.managed_logins == {"ours", "shut"}
