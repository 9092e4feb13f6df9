"""The administrator that a master user with a password makes, once, and how it is given up.

Who is in `rds_iam`, through whatever chain of memberships, logs in with a token alone (Amazon RDS
User Guide, "Creating a database account using IAM authentication"). Since PostgreSQL 16 who makes a
role is a member of it for good ("CREATE ROLE"), and so would be in `rds_iam` with it. So the master
has a role made that makes the administrator, and is gone before the administrator is let in. What
the master may grant at all it may as a member of `rds_superuser` ("Understanding the rds_superuser
role").
"""

from collections.abc import Iterable, Iterator

from database_users.desired import IAM
from database_users.plan import Statement
from database_users.postgres.catalog.server import Server
from database_users.postgres.sql import identifier, literal
from database_users.postgres.statements import HOME, server_wide

MAKER = "airflow-rds-iam-maker"  # no declared role has a hyphen
SUPERUSER = "rds_superuser"


def making(administrator: str, master: str) -> Iterator[Statement]:
    """What the session of `master` runs, in one transaction, to have the `administrator`."""
    name, maker, own = map(identifier, (administrator, MAKER, master))
    yield server_wide(
        f"CREATE ROLE {maker} NOLOGIN CREATEROLE CREATEDB",
        f"a role is there that makes {administrator}, so that {master} is no member of it",
    )
    yield server_wide(
        f"GRANT {maker} TO {own} WITH SET TRUE", f"{master} may act as the role that makes it"
    )
    yield server_wide(
        "SET LOCAL createrole_self_grant = ''", "who makes a role is given nothing of it"
    )
    yield server_wide(f"SET LOCAL ROLE {maker}", "what follows is done as that role")
    yield server_wide(
        f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB",
        f"{administrator} exists, and may make roles and databases",
    )
    yield server_wide("SET LOCAL ROLE none", f"what follows is done as {master}")
    yield server_wide(f"DROP ROLE {maker}", "the role that made it is gone, with its memberships")
    yield server_wide(
        f"GRANT {SUPERUSER} TO {name}", f"{administrator} may what RDS's administrators may"
    )
    yield server_wide(
        f"GRANT {IAM} TO {name} WITH ADMIN OPTION",
        f"{administrator} logs in with a token, and may let others in with one",
    )
    yield uncaught(master)
    yield _acting_as_master(administrator, master)


def _acting_as_master(administrator: str, master: str) -> Statement:
    """What the master owns, and what it is in, can be taken over then, if the server lets it."""
    grant = f"GRANT {identifier(master)} TO {identifier(administrator)}"
    warning = literal(f"what {master} owns is not taken over: ")
    return server_wide(
        f"""DO $grant$ BEGIN
    {grant} WITH INHERIT TRUE, SET TRUE;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING USING MESSAGE = {warning} || SQLERRM;
END $grant$""",
        f"{administrator} may what {master} may, to take over what that owns",
    )


def uncaught(master: str) -> Statement:
    """What fails, and takes the transaction with it, where `master` would be in `rds_iam`."""
    message = literal(f"{master} would be a member of {IAM} and lose its login by password")
    return server_wide(
        f"""DO $check$ BEGIN
    IF pg_catalog.pg_has_role({literal(master)}, '{IAM}', 'MEMBER') THEN
        RAISE EXCEPTION USING MESSAGE = {message};
    END IF;
END $check$""",
        f"{master} logs in by password as before",
    )


def giving_up(administrator: str, master: str) -> Iterator[Statement]:
    """What the session of `master` runs, in one transaction, to be rid of the `administrator`.

    Where that owns something or was given something, `taking_over` comes next, in each database;
    then `dropping`.
    """
    name, own = identifier(administrator), identifier(master)
    yield server_wide(
        f"REVOKE {IAM} FROM {name}",
        f"{administrator} no longer logs in: no user of its own is left",
    )
    yield server_wide(f"REVOKE {own} FROM {name}", f"{administrator} is no member of {master}")
    yield server_wide(
        f"GRANT {name} TO {own} WITH ADMIN TRUE, INHERIT TRUE, SET TRUE",
        f"{master} may take over what {administrator} owns",
    )
    yield uncaught(master)


def entering(administrator: str, master: str) -> str:
    """A query for the statements that come next in the same transaction, then `uncaught` once more.

    Of a database that is closed to everyone, the master comes to be in the owner, to enter it.
    """
    names = f"{literal(administrator)}, {literal(master)}"
    grant = "GRANT %I TO %I WITH INHERIT TRUE, SET TRUE"
    return f"""
SELECT DISTINCT pg_catalog.format({literal(grant)}, o.rolname, {literal(master)})
FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
WHERE o.rolname NOT IN ({names})
    AND pg_catalog.pg_has_role({literal(administrator)}, o.oid, 'MEMBER')
""".strip()  # noqa: S608 (names, as literals)


def taking_over(administrator: str, master: str, database: str = HOME) -> Iterator[Statement]:
    """What comes after that, in each `database`."""
    name, own = identifier(administrator), identifier(master)
    yield Statement(
        database,
        f"REASSIGN OWNED BY {name} TO {own}",
        f"{database}: what {administrator} owns belongs to {master}",
    )
    yield Statement(
        database, f"DROP OWNED BY {name}", f"{database}: {administrator} has no privilege left"
    )


def dropping(administrator: str) -> Statement:
    """What comes last."""
    return server_wide(f"DROP ROLE {identifier(administrator)}", f"{administrator} is gone")


def lacking(server: Server, administrator: str) -> list[str]:
    """What a role that exists has not, and an administrator has."""
    role = server.roles[administrator]
    admins = {one.member for one in server.grants_by_role.get(IAM, ()) if one.admin}
    wanted = {
        "LOGIN": role.can_login,
        "CREATEROLE": role.create_role,
        f"{IAM} WITH ADMIN OPTION": administrator in admins,
    }
    return [what for what, there in wanted.items() if not there]


def script(administrator: str, master: str) -> str:
    """What `master` may run by hand, in psql, to have the `administrator`."""
    return _transaction(_sentence_by_sentence(making(administrator, master)))


def way_back(administrator: str, master: str) -> str:
    """What `master` may run by hand, in psql, to be rid of the `administrator`."""
    first = [
        *_sentence_by_sentence(giving_up(administrator, master)),
        f"-- {master} may enter what {administrator} made\n"
        f"{entering(administrator, master)} \\gexec",
        *_sentence_by_sentence([uncaught(master)]),
    ]
    inside = _sentence_by_sentence(taking_over(administrator, master, "each database"))
    return "\n".join(
        [
            _transaction(first),
            f"-- in each database of the server, as {master} (\\connect):",
            *inside,
            *_sentence_by_sentence([dropping(administrator)]),
        ]
    )


def _sentence_by_sentence(statements: Iterable[Statement]) -> list[str]:
    return [f"-- {one.sentence}\n{one.sql};" for one in statements]


def _transaction(parts: Iterable[str]) -> str:
    return "\n".join(["BEGIN;", *parts, "COMMIT;"])
