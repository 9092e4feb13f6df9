"""Names that follow from what a database is called, for databases of all names."""

import re
from dataclasses import replace
from itertools import combinations, product
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from airflow_rds_iam.declaration.databases import Level
from airflow_rds_iam.declaration.derived_names import LONGEST_ROLE, before, role, word
from airflow_rds_iam.declaration.grants import Grant, GroupRoles, group_roles

LEVELS: tuple[Level, ...] = get_args(Level)
# Of few letters, so that many are alike but for what a word has not.
NAMES = st.from_regex(r"[aA0_]([aAbB0_. -]{0,61}[aA0_.-])?", fullmatch=True)
PLAIN = st.from_regex(r"(?!pg_|rds)[a-z_][a-z0-9_]{0,40}", fullmatch=True)
IDENTITIES = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")
AIRFLOWS = re.compile(r"[\w#!()\-.:/\\]{1,200}")
SECRETS_MANAGERS = re.compile(r"[a-zA-Z0-9/_+=.@-]{1,250}")


def _grant(identity: str, database: str, level: Level = "read") -> Grant:
    return Grant(identity=identity, instance="lake", database=database, level=level)


@given(st.sets(NAMES, min_size=2, max_size=12), IDENTITIES)
def test_no_two_databases_have_one_name_for_anything(databases: set[str], identity: str) -> None:
    made = [_grant(identity, one) for one in databases]
    for of in ("user", "sid", "connection_id", "construct_id", "place"):
        assert len({getattr(one, of) for one in made}) == len(made), of
    prefixed = [replace(one, prefix="blue").user for one in made]
    assert len({*prefixed}) == len(made)
    for one, other in combinations(databases, 2):
        assert not set(vars(group_roles(one)).values()) & set(vars(group_roles(other)).values())


@given(NAMES, IDENTITIES)
def test_each_name_is_one_that_its_place_takes(database: str, identity: str) -> None:
    for level in LEVELS:
        made = _grant(identity, database, level)
        for name in (made.user, *vars(group_roles(database)).values()):
            assert SIMPLE.fullmatch(name)
            assert len(name) <= LONGEST_ROLE
            assert not name.startswith(("pg_", "rds"))
        assert re.fullmatch(r"[A-Za-z0-9]+", made.sid)
        assert AIRFLOWS.fullmatch(made.connection_id)
        assert SECRETS_MANAGERS.fullmatch(made.connection_id)


@given(PLAIN, IDENTITIES)
def test_a_plain_name_stands_in_each_as_it_is(database: str, identity: str) -> None:
    for level in LEVELS:
        made = _grant(identity, database, level)
        assert made.user == f"{identity}_{database}_{level}"
        assert made.connection_id == f"lake_{database}"
        assert made.construct_id == f"lake-{database}"
    roles = GroupRoles(
        owner=f"{database}_owner", writer=f"{database}_writer", reader=f"{database}_reader"
    )
    assert group_roles(database) == roles


@given(NAMES, IDENTITIES)
def test_a_users_name_tells_whose_it_is(database: str, identity: str) -> None:
    for level, other in product(LEVELS, LEVELS):
        found = before(_grant(identity, database, level).user, database, other)
        assert found == (identity if other == level else None)


def test_a_word_is_what_is_left_of_a_name_and_a_hash() -> None:
    assert word("EU-Central.Sales") == "eu_central_sales_ae56f9ab"
    assert word("2024") == "db_2024_6557739a"
    assert word("rdsorders") == "db_rdsorders_a8d2d7cd"
    assert role("shop", "My Sales", "own") == "shop_my_sales_497bbeff_own"
    assert role("i" * 40, "d" * 40, "read").startswith(f"{'i' * 40}_{'d' * 8}_")
