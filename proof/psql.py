"""psql as one of a running demo's identities: `python -m proof.psql airflow orders`."""

import argparse
import os
import shutil
import sys
from pathlib import Path

import psycopg
from botocore.exceptions import ClientError

from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import DeclarationError, load
from proof import declared
from proof.account import running_account
from proof.declared import Declared
from proof.deployment import DECLARATION, STATE
from proof.environment import MASTER, STRANGER, Environment
from proof.logins import Identity


def main() -> None:
    """Become psql, with a token for its password; or run one statement."""
    parser = argparse.ArgumentParser(prog="python -m proof.psql", description=__doc__)
    parser.add_argument("identity", help=f"one that is declared, {STRANGER} or {MASTER}")
    parser.add_argument("database")
    parser.add_argument("-c", dest="sql", metavar="SQL", help="run this, and end")
    parser.add_argument("--user", help="log in as this user, not as the one that was granted")
    parser.add_argument(
        "--environment", metavar="NAME_OR_FILE", default=str(DECLARATION),
        help="the declaration that was deployed, environments/dev.yaml if none is given",
    )  # fmt: skip
    given = parser.parse_args()
    try:
        declaration = declaration_file(given.environment, folder=DECLARATION.parent)
        load(declaration)
    except DeclarationError as error:
        sys.exit(str(error))
    try:
        account = running_account(STATE / "aws")
    except FileNotFoundError:
        sys.exit("no demo runs: start one with `make demo KEEP=1`")
    try:
        expected = declared.read(declaration, database=given.database)
    except LookupError as error:
        if given.identity != MASTER:
            sys.exit(f"{error}: name another declaration with --environment")
        expected = declared.read(declaration)
    known = [*expected.airflows, *expected.role_arns, *expected.others, STRANGER, MASTER]
    if given.identity not in known:
        sys.exit(
            f"{given.identity!r} is not an identity of {declaration}, which has "
            f"{', '.join(known)}: name the declaration that has it with --environment"
        )
    user = given.user or _granted(expected, given.identity, given.database)
    environment = Environment(account=account, declared=expected)
    identity = _identity(environment, given.identity, declaration)
    _expect_user(environment, user, declaration)
    if given.sql:
        _run(identity, user, given.database, given.sql)
    else:
        _become_psql(identity, user, given.database)


def _identity(environment: Environment, name: str, declaration: Path) -> Identity:
    deploy = f"run `make deploy ENVIRONMENT={declaration}` with the lines that the demo printed"
    try:
        _ = environment.endpoint, environment.users_function
    except (ClientError, ValueError):
        what = f"{environment.declared.environment}-{environment.declared.instance}"
        sys.exit(f"{what} is not deployed, or not whole: {deploy}")
    if arn := environment.declared.role_arns.get(name):
        iam = environment.account.client("iam")
        try:
            # The demo made it, and knows its path only where a declaration of this folder has it.
            found = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["Arn"]
        except ClientError:
            sys.exit(f"{name}'s role {arn} does not exist yet: {deploy}")
        environment.declared.role_arns[name] = found
    try:
        return environment.identity(name)
    except LookupError as error:
        sys.exit(f"nobody can be {name} here: {error}")
    except ClientError as error:
        sys.exit(f"{name}'s role is not given: {error}; if it is not deployed yet, {deploy}")


def _expect_user(environment: Environment, user: str, declaration: Path) -> None:
    administrator = environment.declared.administrator
    with environment.identity(MASTER).log_in(administrator, "postgres") as connection:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (user,)).rowcount:
            return
    sys.exit(
        f"the server has no user {user}: the grant is not deployed yet, or was revoked; "
        f"`make diff ENVIRONMENT={declaration}` shows what is outstanding"
    )


def _become_psql(identity: Identity, user: str, database: str) -> None:
    psql = shutil.which("psql")
    if psql is None:
        sys.exit(
            "psql is not installed (Debian's package is postgresql-client): install it, or give "
            "a statement with -c, which needs none"
        )
    endpoint = identity.endpoint
    variables = {
        "PGHOST": endpoint.host,
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(endpoint.port),
        "PGUSER": user,
        "PGDATABASE": database,
        "PGPASSWORD": identity.token(user),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(endpoint.authorities),
    }
    os.execve(psql, [psql], {**os.environ, **variables})  # noqa: S606


def _run(identity: Identity, user: str, database: str, sql: str) -> None:
    """Print what the statement gives, a row a line and its values apart by bars."""
    try:
        with identity.log_in(user, database) as connection:
            cursor = connection.execute(sql.encode())
            for row in cursor if cursor.description else ():
                print("|".join("" if value is None else str(value) for value in row))
            print(cursor.statusmessage, file=sys.stderr)
    except psycopg.Error as error:
        sys.exit(str(error).strip())


def _granted(expected: Declared, identity: str, database: str) -> str:
    if identity == MASTER:
        return expected.administrator
    try:
        return expected.grant(identity, database).user
    except LookupError as error:
        sys.exit(f"{error}; try another's with --user")


if __name__ == "__main__":
    main()
