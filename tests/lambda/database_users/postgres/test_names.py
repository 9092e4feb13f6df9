"""Databases of any name, as the declaration has the function make and close them."""

from airflow_rds_iam.declaration.grants import grants, group_roles
from airflow_rds_iam.declaration.model import Declaration
from database_users.desired import Database, parse_databases
from stacks.desired_databases import desired_databases
from tests.database_server import MASTER, Postgres
from tests.declared import dev
from tests.existing import LAKE
from tests.runs import outstanding, refused, run

# Some are alike but for what the name of a role has not.
NAMES = ("My Sales", "my-sales", "my.sales", "2024", "order", "d" * 63)


def _declared(*names: str) -> tuple[Declaration, tuple[Database, ...]]:
    databases = {one: {"own": ["shop"], "read": ["airflow"]} for one in names}
    declaration = Declaration.model_validate(
        dev({"instances.lake": {**LAKE, "databases": databases}})
    )
    states = [one.state for one in desired_databases(declaration, "lake")]
    return declaration, parse_databases(states, MASTER)


def test_each_is_made_for_its_own_users_and_closed_to_those_of_the_others(
    newest: Postgres,
) -> None:
    declaration, databases = _declared(*NAMES)
    run(newest, *databases)
    assert outstanding(newest, *databases) == []
    for grant in grants(declaration):
        if grant.instance != "lake":
            continue
        make = f'CREATE TABLE "{grant.database}" ()'
        made = refused(newest, grant.user, [make], database=grant.database)
        assert made == ([] if grant.level == "own" else [make])
        rows = newest.query(
            "SELECT datname FROM pg_database WHERE has_database_privilege("
            f"'{grant.user}', oid, 'CONNECT') AND datname NOT LIKE ALL "
            "('{postgres,template_,rdsadmin}')"
        )
        assert rows == [(grant.database,)]


def test_whose_grants_are_gone_is_gone_and_nobody_else(newest: Postgres) -> None:
    _, databases = _declared(*NAMES)
    run(newest, *databases)
    _, fewer = _declared("my-sales")
    run(newest, *fewer)
    users = newest.query(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname ~ '^(shop|airflow)_'"
    )
    [owner] = newest.query(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'My Sales'"
    )
    assert {user for (user,) in users} == {*fewer[0].read, *fewer[0].own}
    assert owner == (group_roles("My Sales").owner,)
