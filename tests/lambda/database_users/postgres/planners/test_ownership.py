"""Which databases are entered for what a removed user holds there."""

from dataclasses import replace

from database_users.plan import Transaction
from database_users.postgres.catalog.contents import (
    NEW_DATABASE,
)
from database_users.postgres.catalog.server import (
    Holding,
)
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.ownership import databases_to_hand_over, freed
from tests.catalogs import ORDERS, PAYROLL, server_of


def test_only_the_databases_in_which_a_removed_user_holds_something_are_entered_for_it():
    server = server_of(ORDERS, PAYROLL)
    server = replace(server, holdings=(Holding("owner", "payroll", frozenset({"pg_class"})),))
    comparison = Comparison((replace(ORDERS, own=()), PAYROLL), server)
    assert databases_to_hand_over(comparison) == {"payroll"}
    assert list(freed(comparison, "orders", NEW_DATABASE)) == []
    (transaction,) = freed(comparison, "payroll", NEW_DATABASE)
    assert isinstance(transaction, Transaction)
    assert transaction.may_fail
    assert 'REASSIGN OWNED BY "owner"' in transaction.statements[1].sql
