"""What is done to a login user, of whom a transaction is, and who could keep it from being done."""

from dataclasses import replace

from database_users.desired import Database
from database_users.plan import Phase, Statement, Transaction
from database_users.postgres.catalog.server import ExistingDatabase, Holding, Role, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.access import access_changes
from database_users.postgres.planners.groups import corrected_attributes, corrected_groups
from database_users.postgres.planners.logins import (
    corrected_logins,
    dropped_logins,
    enabled_logins,
    readmitted_logins,
    staying_logins,
)
from database_users.postgres.planners.server import SERVER_PHASES
from database_users.postgres.planners.sessions import (
    deserted,
    ended_sessions,
    ended_visits,
    losing,
)
from tests.catalogs import EMPTY, MASTER, ORDERS, PAYROLL, grant, made, member, server_of

WITHOUT_READER = replace(ORDERS, read=())


def with_roles(server: Server, *roles: Role) -> Server:
    return replace(server, roles=server.roles | {role.name: role for role in roles})


def test_a_user_that_loses_something_is_corrected_and_let_in_again_by_itself():
    server = with_roles(
        server_of(ORDERS, PAYROLL), Role("reader", can_login=True, create_db=True), Role("writer")
    )
    server = replace(server, memberships=(*server.memberships, member("p_reader", "reader")))
    comparison = Comparison((ORDERS, PAYROLL), server)
    (corrected,) = corrected_logins(comparison)
    (readmitted,) = readmitted_logins(comparison)
    (enabled,) = enabled_logins(comparison)
    assert isinstance(corrected, Transaction)
    assert [statement.sql for statement in corrected.statements] == [
        'ALTER ROLE "reader" NOCREATEDB'
    ]
    assert (corrected.of, corrected.rivals) == ((("user", "reader"),), ("reader",))
    assert isinstance(readmitted, Transaction)
    assert [statement.sql for statement in readmitted.statements] == ['ALTER ROLE "reader" LOGIN']
    assert (readmitted.of, readmitted.rivals) == ((("user", "reader"),), ("reader",))
    assert isinstance(enabled, Transaction)
    assert [statement.sql for statement in enabled.statements] == ['ALTER ROLE "writer" LOGIN']
    assert enabled.of == (("database", "orders"), ("user", "writer"))
    assert enabled.rivals == ("writer",)


def test_who_is_in_rds_iam_without_its_privileges_is_given_them_in_its_database():
    server = server_of(ORDERS)
    kept = tuple(
        replace(one, inherit=False) if (one.role, one.member) == ("rds_iam", "reader") else one
        for one in server.memberships
    )
    (given,) = enabled_logins(Comparison((ORDERS,), replace(server, memberships=kept)))
    assert isinstance(given, Transaction)
    assert [statement.sql for statement in given.statements] == [
        'GRANT "rds_iam" TO "reader" WITH INHERIT TRUE, SET TRUE'
    ]
    assert given.of == (("database", "orders"),)


def test_new_users_of_several_databases_are_let_in_together_or_else_those_of_each():
    (given,) = enabled_logins(Comparison((ORDERS, PAYROLL), EMPTY))
    assert isinstance(given, Transaction)
    assert given.of == (("database", "orders"), ("database", "payroll"))
    assert [one.of for one in given.instead] == [(subject,) for subject in given.of]
    assert [one.statements[0].sql for one in given.instead] == [
        'GRANT "rds_iam" TO "reader", "writer", "owner" WITH INHERIT TRUE, SET TRUE',
        'GRANT "rds_iam" TO "boss", "chief" WITH INHERIT TRUE, SET TRUE',
    ]
    (given,) = enabled_logins(Comparison((PAYROLL,), EMPTY))
    assert isinstance(given, Transaction)
    assert given.instead == ()


def test_a_group_role_is_corrected_in_its_database():
    server = with_roles(server_of(ORDERS), Role("o_reader", create_db=True))
    (corrected,) = corrected_groups(Comparison((ORDERS,), server))
    assert isinstance(corrected, Transaction)
    assert corrected.of == (("database", "orders"),)
    assert corrected.rivals == ("o_reader", "reader")


def test_a_removed_user_is_dropped_after_whom_it_made_members():
    server = server_of(ORDERS)
    passed_on = frozenset({"pg_auth_members"})
    for holding in (Holding("reader", "", passed_on), Holding("reader", "", named=passed_on)):
        known = replace(server, holdings=(holding, Holding("writer", "", passed_on)))
        transactions = list(dropped_logins(Comparison((WITHOUT_READER,), known), ()))
        assert all(isinstance(one, Transaction) and one.may_fail for one in transactions)
        statements = [
            (statement.sql, statement.sentence, statement.database)
            for one in transactions
            if isinstance(one, Transaction) and one.of == (("user", "reader"),)
            for statement in one.statements
        ]
        assert [sql for sql, _, _ in statements] == [
            'GRANT "reader" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE',
            'DROP OWNED BY "reader"',
            'REVOKE "reader" FROM CURRENT_USER',
            'DROP ROLE "reader"',
        ]
        assert statements[1][1:] == (
            "whom reader made a member of a role is none by that any more",
            "postgres",
        )
    held = replace(server, holdings=(Holding("reader", "orders", frozenset({"pg_class"})),))
    (dropped,) = dropped_logins(Comparison((WITHOUT_READER,), held), ())
    assert isinstance(dropped, Transaction)
    assert [statement.sql for statement in dropped.statements] == ['DROP ROLE "reader"']


def test_whose_sessions_end():
    server = replace(server_of(ORDERS), sessions=frozenset({"o_writer", "writer", "administrator"}))
    comparison = Comparison((WITHOUT_READER,), with_roles(server, Role("o_owner", can_login=True)))
    users = losing(comparison)
    assert users == ("o_owner", "o_writer", "reader")
    assert [one.of for one in ended_sessions(comparison, users)] == [
        (("user", "o_owner"),),
        (("user", "o_writer"),),
        (("user", "reader"),),
    ]


def test_what_a_removed_user_loses_is_of_it_alone():
    comparison = Comparison((WITHOUT_READER,), server_of(ORDERS))
    first, rest = (one for one in SERVER_PHASES[Phase.CLOSE](comparison))
    assert isinstance(first, Transaction)
    assert [statement.sql for statement in first.statements] == [
        'REVOKE "o_reader" FROM "reader" GRANTED BY "administrator" CASCADE'
    ]
    assert (first.of, first.rivals) == ((("user", "reader"),), ())
    assert isinstance(rest, Transaction)
    assert [statement.sql for statement in rest.statements] == [
        'ALTER ROLE "reader" NOLOGIN',
        'REVOKE "rds_iam" FROM "reader" GRANTED BY "administrator" CASCADE',
    ]
    assert (rest.of, rest.rivals) == ((("user", "reader"),), ("reader",))


def test_who_gains_and_who_loses_access():
    server = server_of(ORDERS)
    server = with_roles(server, Role("clerk", can_login=True), Role("writer"))
    marked = member("airflow_rds_iam", "clerk", inherit=False, set=False)
    made = member("clerk", "administrator", "rdsadmin", admin=True, inherit=False, set=False)
    server = replace(server, memberships=(*server.memberships, marked, made))
    changes = list(access_changes(Comparison((WITHOUT_READER, PAYROLL), server)))
    assert [(one.gained, one.login, one.level, one.database) for one in changes] == [
        (True, "writer", "write", "orders"),
        (True, "boss", "own", "payroll"),
        (True, "chief", "own", "payroll"),
        (False, "clerk", None, ""),
        (False, "reader", "read", "orders"),
    ]
    bare = replace(EMPTY, roles=EMPTY.roles | {"boss": Role("boss", can_login=True)})
    changes = list(access_changes(Comparison((PAYROLL,), bare)))
    assert [(one.gained, one.login) for one in changes] == [(True, "boss"), (True, "chief")]


def test_a_role_that_was_there_becomes_what_its_level_wants():
    roles = (
        Role("owner", can_login=True, inherits=True),
        Role("reader", can_login=True, inherits=False, connection_limit=9),
    )
    server = with_roles(EMPTY, *roles)
    declared = replace(ORDERS, write=(), connection_limit=5)
    corrected = corrected_logins(Comparison((declared,), server))
    said = {
        statement.sql: statement.sentence
        for one in corrected
        if isinstance(one, Transaction)
        for statement in one.statements
    }
    assert said == {
        'ALTER ROLE "owner" NOINHERIT': "owner is NOINHERIT, as its level wants",
        'ALTER ROLE "owner" CONNECTION LIMIT 5': (
            "owner may have 5 connections at once, of which it had no limit"
        ),
        'ALTER ROLE "owner" PASSWORD NULL': (
            "owner existed and is taken over: it has no password any more"
        ),
        "ALTER ROLE \"owner\" SET role = 'o_owner'": (
            "owner starts as o_owner, so that what it creates belongs to o_owner"
        ),
        'ALTER ROLE "reader" INHERIT': "reader is INHERIT, as its level wants",
        'ALTER ROLE "reader" CONNECTION LIMIT 5': (
            "reader may have 5 connections at once, no longer 9"
        ),
        'ALTER ROLE "reader" PASSWORD NULL': (
            "reader existed and is taken over: it has no password any more"
        ),
    }


def test_one_user_that_is_kept_keeps_no_other():
    server = server_of(ORDERS, PAYROLL)
    comparison = Comparison((replace(ORDERS, read=(), write=()), PAYROLL), server)
    kept, dropped = dropped_logins(comparison, {"reader"})
    assert str(kept) == "reader is not dropped, but may not log in: objects depend on it"
    assert isinstance(dropped, Transaction)
    assert [one.sql for one in dropped.statements] == ['DROP ROLE "writer"']


def test_what_was_prepared_as_a_role_is_of_whom_goes_where_nobody_else_could_act_as_it():
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles | {"near": Role("near", can_login=True), "team": Role("team")},
        memberships=(
            *server.memberships,
            *made("near", "team"),
            member("near", "owner"),  # logs in itself
            member("team", "owner"),
            member("far", "owner", "rdsadmin"),
        ),
    )
    server = replace(server, roles=server.roles | {"far": Role("far")})
    without = Comparison((replace(ORDERS, own=()),), server)
    assert deserted(without) == {"o_owner", "team"}  # the master cannot act as far
    assert losing(without) == ("owner",)
    assert deserted(Comparison((ORDERS,), server)) == frozenset()
    shared = (*server.memberships, member("o_owner", "near"))
    assert deserted(replace(without, server=replace(server, memberships=shared))) == {"team"}


def test_who_is_declared_no_more_and_cannot_be_changed_is_named_with_what_helps():
    server = server_of(ORDERS)
    roles = server.roles | {"writer": Role("writer", can_login=True, superuser=True)}
    memberships = tuple(one for one in server.memberships if one not in made("reader"))
    comparison = Comparison((), replace(server, roles=roles, memberships=memberships))
    assert comparison.removed == ("owner",)
    said = "is declared no more, and may log in as before"
    assert dict(staying_logins(comparison)) == {
        "reader": f"reader {said}: administrator has no ADMIN OPTION on it: GRANT"
        ' "reader" TO "administrator" WITH ADMIN OPTION',
        "writer": f'writer {said}: only a superuser can change one: ALTER ROLE "writer"'
        " NOSUPERUSER",
    }
    assert not list(staying_logins(Comparison((ORDERS,), comparison.server)))


def test_an_attribute_is_taken_away_by_who_has_it_and_told_of_otherwise():
    role = Role("reader", True, create_role=True, create_db=True, replication=True, bypass_rls=True)
    server = server_of(ORDERS)

    def corrected(role: Role, **attributes: bool) -> list[str]:
        master = Role(MASTER, can_login=True, create_role=True, **attributes)
        changed = replace(server, roles=server.roles | {MASTER: master, role.name: role})
        changes = corrected_attributes(Comparison((ORDERS,), changed), role)
        return [one.sql if isinstance(one, Statement) else one.sentence for one in changes]

    def kept(word: str) -> str:
        return (
            f"reader keeps {word}, which administrator has not and so cannot take away: ALTER ROLE"
            f' "reader" NO{word}'
        )

    all_of_them = 'ALTER ROLE "reader" NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS'
    assert corrected(role, superuser=True) == [all_of_them]
    assert corrected(role, create_db=True, replication=True, bypass_rls=True) == [all_of_them]
    assert corrected(role, replication=True) == [
        kept("CREATEDB"),
        kept("BYPASSRLS"),
        'ALTER ROLE "reader" NOCREATEROLE NOREPLICATION',
    ]
    assert corrected(replace(role, superuser=True), superuser=True) == []
    assert corrected(Role("reader", True)) == []


def test_what_is_ours_is_known_by_its_mark_or_by_its_members():
    server = server_of(ORDERS)
    comparison = Comparison((ORDERS, PAYROLL), server)
    assert all(map(comparison.made_here, ORDERS.roles))
    server = replace(server, roles=server.roles | {"p_owner": Role("p_owner"), "x": Role("x")})
    comparison = Comparison((ORDERS, PAYROLL), server)
    assert not comparison.made_here("p_owner")
    assert not comparison.made_here("x")
    unset = (*server.memberships, member("p_owner", "owner", set=False), member("x", "owner"))
    comparison = Comparison((ORDERS, PAYROLL), replace(server, memberships=unset))
    assert not comparison.made_here("p_owner")
    assert not comparison.made_here("x")  # no group role
    of_master = (*server.memberships, member("p_owner", MASTER))
    assert Comparison((PAYROLL,), replace(server, memberships=of_master)).made_here("p_owner")


def test_sessions_of_ours_end_in_declared_databases_that_are_closed_to_them():
    server = server_of(ORDERS, PAYROLL)
    attic = ExistingDatabase("attic", MASTER, ())
    open_to_all = ExistingDatabase(
        "stock", "far", (grant("", "CONNECT", by="far"), grant("writer", "CONNECT", by="far"))
    )
    stock = Database("stock", "s_owner", "s_writer", "s_reader")
    visits = {
        *(("reader", "orders"), ("reader", "payroll"), ("stranger", "payroll")),
        *(("reader", "attic"), ("writer", "stock"), ("boss", "orders"), ("near", "orders")),
    }
    server = replace(
        server,
        databases=server.databases | {"attic": attic, "stock": open_to_all},
        visits=frozenset(visits),
        roles=server.roles | {"far": Role("far")},
    )
    assert list(ended_visits(Comparison((ORDERS, PAYROLL, stock), server))) == [
        Transaction(
            (
                Statement(
                    "postgres",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="
                    f" '{user}' AND datname = '{name}'",
                    f"{name}: the sessions of {user} end, who may not be there",
                ),
            ),
            of=(("user", user),),
        )
        for user, name in (("boss", "orders"), ("reader", "payroll"))
    ]
    # By a role that lets it in there, a user stays.
    member_of = (*server.memberships, member("p_reader", "reader"))
    stays = Comparison((ORDERS, PAYROLL), replace(server, memberships=member_of))
    assert [one.of for one in ended_visits(stays)] == [(("user", "boss"),)]
