"""psql as one of a running demo's identities: `python -m local.psql airflow orders`."""

import argparse
import os
import shutil
import sys

from local import declared
from local.account import running_account
from local.declared import AIRFLOW
from local.deployment import DECLARATION, STATE
from local.environment import MASTER, STRANGER, Environment


def main() -> None:
    """Become psql, with a token for its password."""
    expected = declared.read(DECLARATION)
    parser = argparse.ArgumentParser(prog="python -m local.psql", description=__doc__)
    parser.add_argument("identity", choices=[AIRFLOW, *expected.role_arns, STRANGER, MASTER])
    parser.add_argument("database")
    parser.add_argument("--user", help="log in as this user, not as the one that was granted")
    given = parser.parse_args()
    psql = shutil.which("psql")
    if psql is None:
        sys.exit("psql is not installed (Debian's package is postgresql-client)")
    try:
        account = running_account(STATE / "aws")
    except FileNotFoundError:
        sys.exit("no demo runs: start one with `make demo KEEP=1`")
    environment = Environment(account=account, declared=expected)
    identity = environment.identity(given.identity)
    user = given.user or _granted(expected, given.identity, given.database)
    endpoint = environment.endpoint
    variables = {
        "PGHOST": endpoint.host,
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(endpoint.port),
        "PGUSER": user,
        "PGDATABASE": given.database,
        "PGPASSWORD": identity.token(user),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(endpoint.authorities),
    }
    os.execve(psql, [psql], {**os.environ, **variables})  # noqa: S606


def _granted(expected: declared.Declared, identity: str, database: str) -> str:
    if identity == MASTER:
        return MASTER
    try:
        return expected.grant(identity, database).user
    except LookupError as error:
        sys.exit(f"{error}; try another's with --user")


if __name__ == "__main__":
    main()
