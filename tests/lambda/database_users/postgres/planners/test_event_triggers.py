"""Where a command of the master would run somebody else's code, none is given."""

from dataclasses import replace

import pytest

from database_users.errors import RefusedStatementError
from database_users.postgres.catalog.contents import Contents, EventTrigger
from database_users.postgres.catalog.server import Holding, Role
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.event_triggers import refuse_foreign_code
from tests.catalogs import MASTER, ORDERS, member, server_of

ADMINISTRATORS = {
    "dba": Role("dba", can_login=True, create_role=True),
    "root": Role("root", superuser=True),
    "near": Role("near"),
}


def refuse(owner: str, declared: tuple[str, ...] = ()) -> None:
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles | ADMINISTRATORS,
        memberships=(*server.memberships, member("rds_superuser", "o_owner")),
        holdings=(Holding("dba", "orders", frozenset({"pg_proc"})),),
    )
    trusted = EventTrigger("audit", "public.audit()", MASTER)
    contents = Contents((), event_triggers=(trusted, EventTrigger("watch", "f()", owner)))
    comparison = Comparison((replace(ORDERS, old_owners=declared),), server)
    refuse_foreign_code(comparison, "orders", contents)


@pytest.mark.parametrize("owner", [MASTER, "dba", "root"])
def test_an_administrators_code_is_trusted(owner: str):
    refuse(owner)


@pytest.mark.parametrize("owner", ["near", "reader", "gone", "o_owner"])
def test_nobody_elses_is_nor_that_of_ours_who_was_made_an_administrator(owner: str):
    with pytest.raises(RefusedStatementError) as error:
        refuse(owner)
    assert str(error.value) == (
        f"orders: the event trigger watch runs f(), which {owner} may rewrite, as whoever gives a"
        " command: nothing is done there. Whoever made it can disable it, or give the function to"
        " an administrator"
    )


def test_nor_that_of_an_administrator_whose_things_are_taken_over():
    with pytest.raises(RefusedStatementError, match="which dba may rewrite"):
        refuse("dba", ("dba",))
