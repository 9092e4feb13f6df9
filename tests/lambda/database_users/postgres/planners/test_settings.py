"""What is set for a database or a role, and somebody has to know."""

from dataclasses import replace

from database_users.postgres.catalog.server import AuditSetting, MastersSetting, Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.settings import settings_without_effect, unlogged_by_setting
from tests.catalogs import MASTER, ORDERS, server_of


def without_effect(*settings: MastersSetting, server: Server | None = None) -> list[str]:
    given = replace(server or server_of(ORDERS), masters_settings=settings)
    return list(map(str, settings_without_effect(Comparison((ORDERS,), given))))


def test_what_would_change_what_the_master_does_is_told_of_once_for_each_database():
    what = "it has settings that the function does not let change what it does, and that hold for"
    told = without_effect(
        MastersSetting("", "role", "x"),
        MastersSetting("attic", "search_path", "evil"),  # nobody declared that
        MastersSetting("orders", "client_encoding", "latin1"),
        MastersSetting("orders", "search_path", "it's"),
        MastersSetting("orders", "lock_timeout", "5s"),  # what it is anyway
        MastersSetting("orders", "work_mem", "1MB"),
        MastersSetting("postgres", "search_path", "y" * 61),
    )
    assert told == [
        f"{MASTER}: {what} others: role = 'x'",
        f"orders: {what} others: client_encoding = 'latin1', search_path = 'it''s'",
        f"postgres: {what} others: search_path = '{'y' * 60}…'",
    ]
    assert without_effect(MastersSetting("orders", "search_path", "z" * 60))[0].endswith(
        f"'{'z' * 60}'"
    )


def test_a_setting_that_a_version_does_not_have_changes_nothing_there():
    since_17 = MastersSetting("orders", "transaction_timeout", "1s")
    older = replace(server_of(ORDERS), version=16)
    assert without_effect(since_17, server=older) == []
    assert len(without_effect(since_17, server=replace(older, version=17))) == 1


def test_who_is_logged_otherwise_than_everyone_is_told_of():
    def audit(role: str, database: str, value: str, name: str = "log_statement") -> AuditSetting:
        return AuditSetting(role, database, name, value)

    server = replace(
        server_of(ORDERS),
        parameters={"log_statement": "all", "log_connections": "on"},
        audit_settings=(
            audit("reader", "", "none"),
            audit("reader", "orders", "all"),  # as of everyone
            audit("stranger", "", "none"),
            audit("", "orders", "ddl"),
            audit("", "attic", "ddl"),
            audit("", "", "mod"),
            audit("o_owner", "attic", "off", "log_connections"),
        ),
    )
    says = "by which the server's log says other than of everyone"
    assert list(map(str, unlogged_by_setting(Comparison((ORDERS,), server)))) == [
        f"reader: log_statement is set to 'none', {says} which statements were run",
        f"every user in orders: log_statement is set to 'ddl', {says} which statements were run",
        f"every user: log_statement is set to 'mod', {says} which statements were run",
        f"o_owner in attic: log_connections is set to 'off', {says} who logged in",
    ]
