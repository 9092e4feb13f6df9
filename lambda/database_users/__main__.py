"""A plan, or an administrator's SQL: `python -m database_users --help`."""

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from database_users.deadline import Deadline
from database_users.desired import InvalidRequestError, mark, parse_databases, parse_prefix
from database_users.errors import LockoutError
from database_users.plan import Plan
from database_users.postgres.administrator import script, way_back
from database_users.postgres.catalog.server_rows import empty_server
from database_users.postgres.run import plan_from_nothing, survey
from database_users.postgres.session import Session
from database_users.postgres.target import Target
from database_users.report import lines
from rds_login.causes import ServerError

SECONDS = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what is asked for.

    Of a plan 0: nothing to do; 2: there is something to do; 1: not all could be read.
    """
    options = _parser().parse_args(arguments)
    if "administrator" in options:
        text = way_back if options.give_up else script
        print(text(options.administrator, options.master))
        return 0
    try:
        plan = _planned(options)
    except (InvalidRequestError, LockoutError, ServerError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for line in lines(plan):
        print(line)
    if plan.unread:
        return 1
    return 2 if any(plan.statements()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m database_users",
        description="What a deploy would do to a server, or what comes before it by hand: each"
        " statement under its sentence.",
    )
    commands = parser.add_subparsers(required=True)
    plan = commands.add_parser("plan", help="print it; change nothing")
    plan.add_argument(
        "databases",
        help="a JSON file with the list Databases, or an object that has it, such as the custom"
        " resource's properties; - reads the standard input",
    )
    plan.add_argument("--host", help="the instance's endpoint; without it, plan for a new server")
    plan.add_argument("--port", type=int, default=5432)
    plan.add_argument("--user", default="administrator", help="the master user")
    plan.add_argument("--region", default=os.environ.get("AWS_REGION", ""))
    plan.add_argument(
        "--authorities", type=Path, default=Path("global-bundle.pem"), help="RDS's certificates"
    )
    plan.add_argument(
        "--ask-token",
        action="store_true",
        help="ask for a token, or a password, instead of signing one with the AWS credentials;"
        " PGPASSWORD is taken where it is set",
    )
    plan.add_argument(
        "--lived-in",
        action="store_true",
        help="it was there before: name what others would lose, and take nothing of theirs",
    )
    plan.add_argument("--prefix", help="the declaration's, if it has one")
    plan.add_argument("--version", type=int, default=17, help="of the new server to plan for")
    sql = commands.add_parser(
        "administrator",
        help="print the SQL that a master user with a password runs in psql to have one",
    )
    sql.add_argument("administrator", help="the declared administrator")
    sql.add_argument("--master", required=True, help="the master user that has the password")
    sql.add_argument(
        "--give-up", action="store_true", help="the SQL by which the administrator is gone again"
    )
    return parser


def _planned(options: argparse.Namespace) -> Plan:
    text = sys.stdin.read() if options.databases == "-" else Path(options.databases).read_text()
    document: Any = json.loads(text)
    if isinstance(document, dict):
        document = cast(dict[str, Any], document).get("Databases")
    prefix = parse_prefix(options.prefix)
    databases = parse_databases(document, options.user, prefix)
    if not options.host:
        return plan_from_nothing(databases, empty_server(options.user, options.version))
    token = os.environ.get("PGPASSWORD") or (
        getpass.getpass("token: ") if options.ask_token else None
    )
    target = Target(
        options.host, options.port, options.user, options.region, options.authorities, token
    )
    deadline = Deadline(time.monotonic() + SECONDS)

    def connect(database: str) -> Session:
        return target.connect(database, deadline)

    return survey(connect, databases, deadline, lived_in=options.lived_in, mark=mark(prefix))


if __name__ == "__main__":
    sys.exit(main())
