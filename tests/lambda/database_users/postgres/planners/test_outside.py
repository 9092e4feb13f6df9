"""Ways in that the declaration does not know."""

from dataclasses import replace

from database_users.postgres.catalog.server import ExistingDatabase, Holding, Role
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.outside import outsiders, undeclared
from tests.catalogs import MASTER, ORDERS, PAYROLL, grant, member, server_of


def test_who_else_is_in_a_role_of_ours_is_told_of_with_the_remedy():
    server = server_of(ORDERS)
    names = ("near", "nearer", "root")
    roles = {name: Role(name, superuser=name == "root") for name in names}
    server = replace(
        server,
        roles=server.roles | roles,
        memberships=(
            *server.memberships,
            member("o_reader", "near"),
            member("near", "nearer"),
            member("owner", "near"),
            member("o_writer", "root"),
        ),
    )
    said = "near, nearer is not managed here and may"
    assert list(map(str, outsiders(Comparison((ORDERS,), server)))) == [
        f'{said} read orders as a member of o_reader; whoever shall not: REVOKE "o_reader" FROM …',
        f'{said} own orders as a member of owner; whoever shall not: REVOKE "owner" FROM …',
    ]


def test_undeclared_databases_that_are_open_to_ours_are_told_of():
    everyone = (grant("", "CONNECT", by="far"),)
    closed = (grant("", "TEMPORARY", by="far"),)
    server = replace(
        server_of(ORDERS, PAYROLL),
        databases={
            "orders": ExistingDatabase("orders", "o_owner", everyone),
            "postgres": ExistingDatabase("postgres", MASTER, everyone),  # a run closes it
            "rdsadmin": ExistingDatabase("rdsadmin", "o_owner", everyone),
            "attic": ExistingDatabase("attic", "far", everyone),
            "shut": ExistingDatabase("shut", "far", everyone, allows_connections=False),
            "closed": ExistingDatabase("closed", "o_owner", closed),
        },
        holdings=(
            Holding("reader", "closed", frozenset({"pg_class"})),
            Holding("boss", "closed", frozenset({"pg_class"})),  # goes
            Holding("far", "closed", frozenset({"pg_class"})),
            Holding("reader", "orders", of_server=frozenset({"pg_proc", "pg_class"})),
            Holding("far", "orders", of_server=frozenset({"pg_proc"})),
            Holding("writer", "orders", frozenset({"pg_class"})),
        ),
    )
    told = [
        "attic: it is not declared, and everyone (PUBLIC) may connect, the users declared here"
        " among them",
        "closed: it is not declared and belongs to o_owner, as which declared users may connect",
        "closed: it is not declared, and reader has privileges or objects there",
        "orders: reader has privileges on objects of PostgreSQL's own (pg_class, pg_proc), which"
        " only the server's superuser can revoke",
    ]
    assert list(map(str, undeclared(Comparison((ORDERS,), server)))) == told
    assert list(undeclared(Comparison((), server))) == []
