"""Whose privileges a role has, through any chain of memberships."""

from dataclasses import replace

from tests.catalogs import EMPTY, MASTER, member


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
