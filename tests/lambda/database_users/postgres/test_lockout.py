"""Nobody is locked out: no administrator and no password user comes to be in rds_iam."""

from dataclasses import replace

import psycopg
import pytest

from database_users.errors import LockoutError, RefusedStatementError, UnfinishedError
from database_users.postgres import ending
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS, PAYROLL
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


# What an administrator may give to somebody who cannot make an extension, say.
POWERS = [
    "ALTER ROLE owner CREATEROLE",
    "ALTER ROLE orders_owner CREATEROLE",
    "GRANT rds_superuser TO owner",
    "GRANT rds_superuser TO orders_owner",
]


@pytest.mark.parametrize("power", POWERS)
def test_who_of_ours_was_made_an_administrator_is_put_right_and_holds_up_nobody(
    server: Postgres, power: str
):
    run(server, ORDERS, PAYROLL)
    server.execute("GRANT rds_superuser TO administrator WITH ADMIN OPTION")
    server.execute(power, user=MASTER)
    after = (ORDERS, replace(PAYROLL, own=()))
    run(server, *after)
    assert outstanding(server, *after) == []
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []
    assert server.query(
        "SELECT rolname FROM pg_roles WHERE rolname ~ '^(orders_)?owner$' AND (rolcreaterole"
        " OR pg_has_role(rolname, 'rds_superuser', 'MEMBER'))"
    ) == []  # fmt: skip
    server.login("owner", "orders").close()


@pytest.mark.parametrize("power", POWERS)
def test_who_of_ours_was_made_an_administrator_is_revoked_like_any_other(
    server: Postgres, power: str
):
    run(server, ORDERS)
    server.execute("GRANT rds_superuser TO administrator WITH ADMIN OPTION")
    server.execute(power, user=MASTER)
    after = replace(ORDERS, own=())
    with server.login("owner", "orders") as session:
        run(server, after)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert outstanding(server, after) == []
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'owner'") == []


def test_an_extension_of_ours_that_was_made_an_administrator_is_no_administrators(server: Postgres):
    run(server, ORDERS)
    server.execute("GRANT rds_superuser TO orders_owner")
    server.execute(
        "DROP EXTENSION plpgsql",
        "SET ROLE orders_owner",
        "CREATE EXTENSION plpgsql",
        "CREATE TABLE hidden (id int)",
        "GRANT ALL ON hidden TO PUBLIC",
        "ALTER EXTENSION plpgsql ADD TABLE hidden",
        database="orders",
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert server.query(
        "SELECT has_table_privilege('reader', 'hidden', 'UPDATE')", "orders"
    ) == [(False,)]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ("ALTER ROLE reader SUPERUSER", "only a superuser can change one"),
        ("REVOKE ADMIN OPTION FOR reader FROM administrator", "has no ADMIN OPTION on it"),
    ],
)
def test_a_revocation_that_the_master_may_not_make_fails_and_holds_up_nobody(
    server: Postgres, made: str, says: str
):
    run(server, ORDERS, PAYROLL)
    server.execute(made)
    if "SUPER" in made:
        (told,) = run(server, ORDERS, PAYROLL).findings
        assert told.startswith("reader is a superuser, whatever it is declared to be")
    after = (replace(ORDERS, read=()), replace(PAYROLL, own=()))
    with pytest.raises(RefusedStatementError, match=f"reader is declared no more.*{says}"):
        run(server, *after)
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []
    assert outstanding(server, *after) == []  # a check tells of it


def test_a_superusers_sessions_keep_nobody_elses(server: Postgres, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "END_SECONDS", 0.3)
    run(server, ORDERS, PAYROLL)
    server.execute("CREATE ROLE legacy", "GRANT legacy TO reader", user=MASTER)
    server.execute("ALTER ROLE reader SUPERUSER")
    after = (ORDERS, replace(PAYROLL, own=()))
    with server.login("reader", "orders"), server.login("boss", "payroll") as session:
        with pytest.raises(UnfinishedError, match="1 sessions of reader did not end"):
            run(server, *after)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []
