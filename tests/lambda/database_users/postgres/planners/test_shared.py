"""Parameters and tablespaces are of no level: taken back, handed over, or told of."""

from dataclasses import replace

from database_users.plan import Finding, Transaction
from database_users.postgres.catalog.server import Membership, Role, SharedObject
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.shared import owned_tablespaces, shared_privileges
from database_users.postgres.privileges import Grant
from tests.catalogs import MASTER, ORDERS, grant, made, server_of

OPTION = frozenset({"CREATE"})


def comparison_of(*shared: SharedObject, without: str = "") -> Comparison:
    server = server_of(ORDERS)
    memberships: tuple[Membership, ...] = (*server.memberships, *made("near"))
    if without:
        memberships = tuple(one for one in memberships if one.role != without)
    roles = server.roles | {"near": Role("near"), "far": Role("far")}
    return Comparison(
        (ORDERS,), replace(server, roles=roles, memberships=memberships, shared=shared)
    )


def tablespace(owner: str, *acl: Grant) -> SharedObject:
    return SharedObject("tablespace", "fast", owner, acl)


def statements(*planned: object) -> list[tuple[str, str]]:
    return [
        (one.sql, one.sentence)
        for transaction in planned
        if isinstance(transaction, Transaction)
        for one in transaction.statements
        if "acts for" not in one.sentence
    ]


def test_ours_lose_what_the_master_can_take_back_and_others_keep_theirs():
    acl = (grant("reader", "CREATE", by="near"), grant("far", "CREATE", by="near"))
    planned = list(shared_privileges(comparison_of(tablespace("near", *acl))))
    assert statements(*planned) == [
        (
            'REVOKE CREATE ON TABLESPACE "fast" FROM "reader" CASCADE',
            "reader no longer has CREATE on the tablespace fast",
        )
    ]
    (transaction,) = planned
    assert isinstance(transaction, Transaction)
    assert [one.sql for one in transaction.statements][::2] == [
        'GRANT "near" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
        'REVOKE "near" FROM CURRENT_USER',
    ]


def test_what_only_somebody_else_can_revoke_is_told_and_keeps_its_user():
    log = SharedObject(
        "parameter", "log_statement", "rdsadmin", (grant("reader", "SET", by="rdsadmin"),)
    )
    assert list(shared_privileges(comparison_of(log))) == [
        Finding(
            "reader keeps SET on the parameter log_statement; only rdsadmin can revoke it",
            ("reader",),
        )
    ]


def test_what_everyone_has_is_told():
    acl = (
        grant("", "CREATE", by="near"),
        grant("pg_database_owner", "CREATE", by="near"),
        grant("far", "CREATE", by="near"),
    )
    assert list(shared_privileges(comparison_of(tablespace("near", *acl)))) == [
        Finding(f"{who} has CREATE on the tablespace fast, users declared here among them")
        for who in ("everyone (PUBLIC)", "pg_database_owner")
    ]


def test_a_tablespace_of_the_owner_of_each_database_is_told():
    assert list(shared_privileges(comparison_of(tablespace("pg_database_owner")))) == [
        Finding(
            "the tablespace fast belongs to pg_database_owner, and so to the owner of each database"
        )
    ]


def test_what_was_passed_on_goes_with_the_grant_option_and_a_grant_option_asks_the_owner_itself():
    acl = (
        grant("o_owner", "CREATE", by="near", on=OPTION),
        grant("reader", "CREATE", by="o_owner"),
    )
    planned = statements(*shared_privileges(comparison_of(tablespace("near", *acl))))
    assert [sql for sql, _ in planned] == [
        'SET ROLE "near"',
        'REVOKE CREATE ON TABLESPACE "fast" FROM "o_owner" CASCADE',
        "SET ROLE NONE",
    ]
    kept = (
        grant("o_owner", "CREATE", by="far", on=OPTION),
        grant("reader", "CREATE", by="o_owner"),
    )
    changes = list(shared_privileges(comparison_of(tablespace("far", *kept))))
    assert [sql for sql, _ in statements(*changes)] == [
        'SET ROLE "o_owner"',
        'REVOKE CREATE ON TABLESPACE "fast" FROM "reader" CASCADE',
        "SET ROLE NONE",
    ]
    assert [one.keeps for one in changes if isinstance(one, Finding)] == [("o_owner",)]


def test_a_tablespace_of_ours_is_the_masters():
    others = replace(tablespace("near"), name="slow")
    planned = list(owned_tablespaces(comparison_of(tablespace("reader"), others)))
    assert statements(*planned) == [
        (
            'ALTER TABLESPACE "fast" OWNER TO CURRENT_USER',
            "the tablespace fast is the master's, no longer reader's",
        )
    ]
    (transaction,) = planned
    assert isinstance(transaction, Transaction)
    assert transaction.statements[1].acts_for == ("reader",)
    parameter = SharedObject("parameter", "x", "reader", ())
    assert list(owned_tablespaces(comparison_of(parameter))) == []


def test_a_tablespace_of_whom_the_master_cannot_act_for_stays_and_keeps_its_user():
    comparison = comparison_of(tablespace("reader"), without="reader")
    assert list(owned_tablespaces(comparison)) == [
        Finding(
            f"the tablespace fast stays reader's: {MASTER} has no ADMIN OPTION on it", ("reader",)
        )
    ]
