"""Whose sessions end, and whose prepared transactions are told of."""

from dataclasses import replace

from database_users.plan import Finding
from database_users.postgres.catalog.server import Prepared
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.sessions import prepared_by_many
from tests.catalogs import ORDERS, server_of


def test_what_may_be_of_a_user_who_goes_or_of_one_who_stays_is_told_and_left():
    two = replace(ORDERS, read=("reader", "analyst"))
    owners = ("o_reader", "o_writer", "reader", "analyst")
    prepared = tuple(Prepared(owner, f"of {owner}", "orders") for owner in owners)
    server = replace(server_of(two), prepared=prepared)

    def told(*read: str) -> list[Finding]:
        return list(prepared_by_many(Comparison((replace(two, read=read),), server)))

    assert told("analyst") == [
        Finding(
            "orders: the prepared transaction of o_reader of o_reader may be of reader, and stays"
            " with its locks until o_reader ends it"
        )
    ]
    assert told() == told("reader", "analyst") == []
