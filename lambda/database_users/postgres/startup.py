"""What the master's sessions start with: nothing that an owner set for its database reaches them.

Of a setting, what a client asks for at its start wins over what a database or a role has, and is
in force before the first statement (PostgreSQL manual, "Parameter Interaction via the
Configuration File" and "ALTER DATABASE").
"""

from collections.abc import Mapping

STATEMENT_SECONDS = 60
LOCK_SECONDS = 5
_OLDEST = 16

SETTINGS = {
    "search_path": "pg_catalog",
    "role": "none",
    "standard_conforming_strings": "on",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_connection_check_interval": "0",
    "local_preload_libraries": "",
    "transform_null_equals": "off",
    "quote_all_identifiers": "off",
    "array_nulls": "on",
    "default_tablespace": "",
    "temp_tablespaces": "",
    "default_table_access_method": "heap",
    "client_min_messages": "warning",
}
_NEWER = {17: {"transaction_timeout": "0"}}


def settings_for(version: int | None) -> Mapping[str, str]:
    """The settings for a server of a major `version`, or one that is not known yet."""
    settings = dict(SETTINGS)
    for since, more in _NEWER.items():
        if (version or _OLDEST) >= since:
            settings |= more
    return settings
