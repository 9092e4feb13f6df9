"""What the whole server lacks for a database."""

from dataclasses import replace

import pytest

from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.server import unprepared
from tests.catalogs import ORDERS, PAYROLL, server_of


@pytest.mark.parametrize("missing", sorted(ORDERS.roles))
def test_a_database_of_which_a_role_is_missing_is_not_entered(missing: str):
    server = server_of(ORDERS, PAYROLL)
    assert unprepared(Comparison((ORDERS, PAYROLL), server)) == frozenset()
    roles = {name: role for name, role in server.roles.items() if name != missing}
    server = replace(server, roles=roles)
    assert unprepared(Comparison((ORDERS, PAYROLL), server)) == {"orders"}
