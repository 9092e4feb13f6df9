import pytest

from database_users.postgres.privileges import Grant, level_privileges, parse_acl
from database_users.postgres.sql import identifier, identifiers, literal


def grant(grantee: str, privileges: str, grantable: str = "", grantor: str = "o") -> Grant:
    return Grant(grantee, frozenset(privileges.split()), frozenset(grantable.split()), grantor)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("{a=r/o}", grant("a", "SELECT")),
        ("{=r/o}", grant("", "SELECT")),
        (
            "{a=arwdDxtm/o}",
            grant("a", "INSERT SELECT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN"),
        ),
        ("{a=r*w/o}", grant("a", "SELECT UPDATE", "SELECT")),
        ("{a=UCcTX/o}", grant("a", "USAGE CREATE CONNECT TEMPORARY EXECUTE")),
        (r'{"\"a b\"=r/o"}', grant("a b", "SELECT")),
        (r'{"\"a\"\"b\"=r/\"o=/\"\"\""}', grant('a"b', "SELECT", grantor='o=/"')),
        (r'{"\"\"\"\"=r/o"}', grant('"', "SELECT")),
        (r'{"\"a\\b\"=r/o"}', grant("a\\b", "SELECT")),
        (r'{"\"a,}\"=r/o"}', grant("a,}", "SELECT")),
        ("{ü=r/o}", grant("ü", "SELECT")),
    ],
)
def test_an_entry_of_an_access_control_list_is_read(item: str, expected: Grant):
    assert parse_acl(item, "table", "somebody") == (expected,)


def test_what_the_owner_holds_is_left_out():
    assert parse_acl("{o=r/o,a=r/o,b=r/o}", "table", "o") == (
        grant("a", "SELECT"),
        grant("b", "SELECT"),
    )


@pytest.mark.parametrize(
    ("kind", "privileges"),
    [("database", "CONNECT TEMPORARY"), ("routine", "EXECUTE"), ("type", "USAGE")],
)
def test_no_list_at_all_gives_everyone_the_default(kind: str, privileges: str):
    assert parse_acl(None, kind, "o") == (grant("", privileges),)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", ["schema", "table", "sequence"])
def test_no_list_at_all_gives_nobody_tables(kind: str):
    assert parse_acl(None, kind, "o") == ()  # pyright: ignore[reportArgumentType]


def test_levels_include_each_other():
    for kind in ("schema", "table", "column", "sequence", "routine", "type"):
        read, write, own = (level_privileges(level, kind, 17) for level in ("read", "write", "own"))
        assert read <= write <= own


def test_who_may_write_tables_maintains_them_where_the_server_knows_how():
    for level in ("write", "own"):
        assert "MAINTAIN" not in level_privileges(level, "table", 16)
        assert "MAINTAIN" in level_privileges(level, "table", 17)
    assert "MAINTAIN" not in level_privileges("read", "table", 17)


def test_names_and_text_are_quoted():
    assert identifier('a"; DROP') == '"a""; DROP"'
    assert identifiers("a", 'b"') == '"a", "b"""'
    assert literal("it's \\") == "'it''s \\'"
