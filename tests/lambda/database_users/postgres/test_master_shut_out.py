"""No owner shuts the master out of its database."""

from dataclasses import replace

import pytest

from database_users.desired import Database
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import looping, outstanding, run


@pytest.mark.first(1)
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1252", "UTF8"])
def test_names_of_any_encoding_are_read_and_granted(newest: Postgres, encoding: str):
    newest.execute(
        f"CREATE DATABASE orders TEMPLATE template0 ENCODING {encoding} LOCALE 'C'", user=MASTER
    )
    run(newest, ORDERS)
    with newest.login("owner", "orders") as owner:
        owner.execute("SET client_encoding = 'UTF8'" if encoding == "UTF8" else "SELECT 1")
        for character in "é" if encoding == "UTF8" else ("\xe9", "\x9d"):
            name = character.encode("utf8" if encoding == "UTF8" else "latin1")
            if encoding != "UTF8":
                owner.execute(f"SET client_encoding = '{encoding}'".encode())
            owner.pgconn.exec_(b'CREATE TABLE "' + name + b'" (id int)')
            owner.pgconn.exec_(b'GRANT TRIGGER ON "' + name + b'" TO orders_reader')
    assert len(outstanding(newest, ORDERS)) > 0
    run(newest, ORDERS)
    assert outstanding(newest, ORDERS) == []


SHUTS = [
    "ALTER DATABASE orders CONNECTION LIMIT 0",
    "REVOKE ALL ON DATABASE orders FROM orders_owner",
    "REVOKE CONNECT ON DATABASE orders FROM orders_owner, orders_reader, orders_writer",
]


@pytest.mark.parametrize("statement", SHUTS)
def test_what_an_owner_does_to_its_database_is_put_right_before_the_visit(
    server: Postgres, statement: str
):
    run(server, ORDERS)
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    server.execute("GRANT TRIGGER ON item TO orders_reader", database="orders")
    server.execute(statement, database="orders", user="owner")
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    server.login("owner", "orders").close()
    server.execute(statement, database="orders", user="owner")
    run(server)
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'owner'") == []


@pytest.mark.parametrize("of", ["writer", "near"])
def test_what_an_owner_did_to_its_database_is_put_right_for_whom_takes_it_over(
    server: Postgres, of: str
):
    adopting = replace(ORDERS, old_owners=("near",))
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute(
        f"ALTER DATABASE orders OWNER TO {of}",
        f"REVOKE ALL ON DATABASE orders FROM {of}",
        "ALTER DATABASE orders CONNECTION LIMIT 9",
    )
    run(server, adopting)
    assert outstanding(server, adopting) == []
    server.execute("CREATE SCHEMA mine", database="orders", user="owner")


@pytest.mark.parametrize("statement", SHUTS)
def test_what_a_revoked_owner_prepared_in_a_database_that_it_shut_is_rolled_back(
    server: Postgres, statement: str
):
    run(server, ORDERS)
    with server.login("owner", "orders") as owner:
        for one in ("SET ROLE NONE", "BEGIN", "SELECT lo_create(0)", "PREPARE TRANSACTION 'x'"):
            owner.execute(one.encode())
        owner.execute(b"SET ROLE orders_owner")
        owner.execute(statement.encode())
    after = replace(ORDERS, own=())
    run(server, after)
    assert server.query("SELECT FROM pg_prepared_xacts") == []
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'owner'") == []
    assert outstanding(server, after) == []


@pytest.fixture
def beside(server: Postgres) -> Postgres:
    """A server with a database beside `orders`, into which its owner comes as well."""
    run(server, ORDERS)
    server.execute("CREATE DATABASE others")
    return server


SHUT = "ALTER DATABASE orders ALLOW_CONNECTIONS false"


@pytest.mark.parametrize("after", [(replace(ORDERS, own=()),), ()], ids=["declared", "no more"])
def test_what_a_revoked_owner_prepared_before_it_shut_its_database_is_rolled_back(
    beside: Postgres, after: tuple[Database, ...]
):
    with beside.login("owner", "orders") as owner:
        for one in ("SET ROLE NONE", "BEGIN", "SELECT lo_create(0)", "PREPARE TRANSACTION 'x'"):
            owner.execute(one.encode())
    beside.execute(SHUT, database="others", user="owner")
    run(beside, *after)
    assert beside.query("SELECT FROM pg_prepared_xacts") == []
    assert beside.query("SELECT FROM pg_roles WHERE rolname = 'owner'") == []
    open_now = beside.query("SELECT datallowconn FROM pg_database WHERE datname = 'orders'")
    assert open_now == [(bool(after),)]


@pytest.mark.parametrize("after", [(replace(ORDERS, own=()),), ()], ids=["declared", "no more"])
def test_what_a_revoked_owner_prepared_as_the_owner_role_is_rolled_back(
    server: Postgres, after: tuple[Database, ...]
):
    run(server, ORDERS)
    prepare(server, "owner")
    run(server, *after)
    assert server.query("SELECT FROM pg_prepared_xacts") == []
    assert outstanding(server, *after) == []


def test_what_another_owner_may_have_prepared_is_told_of(server: Postgres):
    both = replace(ORDERS, own=("owner", "chief"))
    run(server, both)
    prepare(server, "chief")
    after = replace(ORDERS, own=("chief",))
    (told,) = (one for one in run(server, after).findings if "prepared" in one)
    assert told == (
        "orders: the prepared transaction x of orders_owner may be of owner, and stays with its"
        " locks until orders_owner ends it"
    )
    assert server.query("SELECT gid FROM pg_prepared_xacts") == [("x",)]
    assert outstanding(server, after) == []


def prepare(server: Postgres, user: str) -> None:
    """What `user` prepares as the role that its sessions start as, with a lock that it keeps."""
    with server.login(user, "orders") as owner:
        for one in ("CREATE TABLE item ()", "BEGIN", "LOCK item", "PREPARE TRANSACTION 'x'"):
            owner.execute(one.encode())


@pytest.mark.slow
@pytest.mark.parametrize("statement", [SHUT, SHUTS[0], SHUTS[1]])
def test_an_owner_that_shuts_its_database_again_and_again_holds_up_no_run(
    beside: Postgres, statement: str
):
    after = replace(ORDERS, read=())
    with looping(beside, "owner", statement, database="others"):
        run(beside, after)
    run(beside, after)
    assert outstanding(beside, after) == []
