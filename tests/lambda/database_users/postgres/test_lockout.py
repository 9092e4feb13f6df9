"""Nobody is locked out: no administrator and no password user comes to be in rds_iam."""

import pytest

from database_users.errors import LockoutError
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import outstanding, run


def in_iam(server: Postgres) -> set[str]:
    return {
        name
        for (name,) in server.query(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND"
            " NOT rolsuper AND pg_has_role(rolname, 'rds_iam', 'MEMBER')"
        )
    }


@pytest.mark.parametrize(
    "chain", ["GRANT reader TO dba", "GRANT reader TO team; GRANT team TO dba"]
)
def test_no_administrator_gains_rds_iam_through_a_chain(server: Postgres, chain: str):
    server.execute(
        "CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'x'",
        "CREATE ROLE reader LOGIN",
        "CREATE ROLE team",
        *chain.split("; "),
    )
    before = server.query("SELECT * FROM pg_roles")
    with pytest.raises(LockoutError, match="dba is a member of reader"):
        run(server, ORDERS)
    with pytest.raises(LockoutError):
        outstanding(server, ORDERS)
    assert server.query("SELECT * FROM pg_roles") == before
    assert in_iam(server) == {MASTER}


def test_no_password_user_gains_rds_iam_by_having_made_a_login_user(server: Postgres):
    server.execute("CREATE ROLE other_admin LOGIN CREATEROLE PASSWORD 'x'")
    server.execute("SET ROLE other_admin", "CREATE ROLE reader LOGIN")
    server.execute("GRANT reader TO administrator WITH ADMIN OPTION")
    with pytest.raises(LockoutError, match="other_admin is a member of reader"):
        run(server, ORDERS)


def test_an_administrator_is_not_taken_over(server: Postgres):
    server.execute("CREATE ROLE reader LOGIN CREATEROLE")
    with pytest.raises(LockoutError, match="reader exists and is an administrator"):
        run(server, ORDERS)


def test_an_administrator_in_rds_iam_by_a_chain_is_reported(server: Postgres):
    run(server, ORDERS)
    server.execute("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'x'", "GRANT reader TO dba")
    assert run(server, ORDERS).findings == (
        "dba is in rds_iam by dba > reader > rds_iam: it can log in with a token alone, and its"
        " password is off",
        "dba is not managed here and may read orders as a member of reader; whoever shall not:"
        ' REVOKE "reader" FROM …',
    )
