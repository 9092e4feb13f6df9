"""Who was behind each session in a database: `make who LOG=… TRAIL=… ENVIRONMENT=prod`."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from airflow_rds_iam.declaration.document import DeclarationError
from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.grants import Grant, grants
from airflow_rds_iam.declaration.identities import made_role
from airflow_rds_iam.declaration.model import Declaration
from attribution.exported import ExportError, log_entries, trail_records
from attribution.logins import Login, logins
from attribution.people import Answer, behind
from attribution.role_sessions import covered, role_sessions
from rds_login.printable import printable

FOLDER = Path(__file__).parents[1] / "environments"
LIMITS = """\
What no log tells: who used credentials that their owner handed on, and who was at the keyboard.
CloudTrail records no rds-db:connect: it is the time alone, and the address, that joins the two.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: each login was answered, if only by nobody. 1: an export or a declaration is none."""
    parser = argparse.ArgumentParser(prog="python -m attribution", description=__doc__)
    parser.add_argument("log", type=Path, help="the server's log, or an export of its group")
    parser.add_argument("trail", type=Path, nargs="+", help="CloudTrail's records")
    parser.add_argument("--environment", required=True, help="as it was declared at that time")
    parser.add_argument("--identity", help="of this one alone, such as analyst")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        file = declaration_file(given.environment, folder=FOLDER)
        declaration = load(file)
        found = [
            (login, identity)
            for login in logins(log_entries(given.log))
            if (identity := _identity(login, declaration)) == (given.identity or identity)
        ]
        records = [record for file in given.trail for record in trail_records(file)]
    except (DeclarationError, ExportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    answers = [*_answers(found, declaration, file.stem, records)]
    if given.json:
        print(json.dumps([_as_json(answer, who) for answer, who in answers], indent=2))
        return 0
    for answer, who in answers:
        sys.stdout.writelines(f"{printable(line)}\n" for line in _told(answer, who))
    print(f"\n{_counted(len(answers), 'login')}. {LIMITS}", end="")
    return 0


def _identity(login: Login, declaration: Declaration) -> str:
    """Whose user it is; empty if it is nobody's that is declared."""
    users: Mapping[str, Grant] = {grant.user: grant for grant in grants(declaration)}
    return users[login.user].identity if login.user in users else ""


def _answers(
    found: Sequence[tuple[Login, str]],
    declaration: Declaration,
    environment: str,
    records: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Answer, str]]:
    sessions, told = role_sessions(records), covered(records)
    for login, identity in found:
        if declared := declaration.identities.get(identity):
            is_role = partial(declared.has_role, made=made_role(environment, identity))
            yield behind(login, sessions, is_role=is_role, told=told), identity
            continue
        because = (
            "a task of Airflow's: its own log names the DAG and the run, and git who wrote it"
            if identity in declaration.airflows
            else "no user of this declaration: the database users' function, or RDS itself"
        )
        yield Answer(login=login, confidence="nobody", because=because), identity


def _told(answer: Answer, identity: str) -> Iterator[str]:
    login = answer.login
    yield ""
    yield (
        f"{login.first:%Y-%m-%d %H:%M:%S}  {login.user} in {login.database}, from {login.host}, "
        f"process {login.process}, {_counted(len(login.statements), 'statement')}"
    )
    if not answer.people:
        yield f"  {identity or 'nobody declared'}: {answer.because}"
    for person in answer.people:
        yield f"  {person}: {answer.confidence}: {answer.because}"
        for one in answer.sessions:
            if one.person == person:
                through = "".join(f" through {role}" for role in one.via)
                yield (
                    f"    session {one.name}{through}, begun {one.begun:%Y-%m-%d %H:%M:%S} from "
                    f"{' and '.join(sorted(one.addresses))}, valid until {one.ends:%H:%M:%S}"
                )
    for one in sorted({one.person for one in answer.others} - {*answer.people}):
        yield f"  less likely, from another address: {one}"
    for doubt in answer.doubts:
        yield f"  but: {doubt}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _as_json(answer: Answer, identity: str) -> dict[str, Any]:
    login = answer.login
    return {
        "at": login.first.isoformat(),
        "identity": identity,
        "user": login.user,
        "database": login.database,
        "host": login.host,
        "process": login.process,
        "statements": login.statements,
        "people": answer.people,
        "confidence": answer.confidence,
        "because": answer.because,
        "doubts": answer.doubts,
        "sessions": [
            {
                "name": one.name,
                "person": one.person,
                "begun": one.begun.isoformat(),
                "ends": one.ends.isoformat(),
                "addresses": sorted(one.addresses),
                "via": one.via,
            }
            for one in answer.sessions
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
