"""The saved queries, run on what the local server logs of real sessions."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_rds_iam.audit.refused_logins import PATTERN
from airflow_rds_iam.audit.saved_queries import QUERIES
from airflow_rds_iam.servers.postgres_engine import family, parameters
from attribution.logins import logins
from attribution.people import behind
from attribution.role_sessions import role_sessions
from proof.logins import Endpoint, Identity
from tests.emulator.conftest import (
    ACCOUNT,
    MASTER,
    REGION,
    Stacks,
    allow,
    get,
    instance,
    resource,
    role,
)  # fmt: skip
from tests.filter_patterns import PatternError, matches
from tests.insights import InsightsError, Row, run

IDENTIFIER = "audited"
QUOTED = "My Sales.eu-1"
ARN = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:${{Server.DbiResourceId}}/reader"


@pytest.fixture(scope="module")
def events(stacks: Stacks, state: Path) -> list[Row]:
    """What CloudWatch Logs has of a server with our parameters, once a tenant was there."""
    group = resource(
        "RDS::DBParameterGroup",
        Family=family("17"),
        Description="it",
        Parameters=parameters("17"),
    )
    server = instance(DBInstanceIdentifier=IDENTIFIER, DBParameterGroupName={"Ref": "Group"})
    outputs = stacks.deploy(
        "audited",
        {
            "Group": group,
            "Server": server,
            "Reader": role(allow("rds-db:connect", {"Fn::Sub": ARN})),
        },
        Host=get("Server", "Endpoint.Address"),
        Port=get("Server", "Endpoint.Port"),
        Reader=get("Reader", "Arn"),
    )
    account = stacks.account
    endpoint = Endpoint(
        host=outputs["Host"], port=int(outputs["Port"]), authorities=account.authorities
    )
    master, reader = (
        Identity(name=name, credentials=credentials, endpoint=endpoint, region=REGION)
        for name, credentials in (
            ("master", account.administrator),
            ("reader", account.assume(outputs["Reader"], session="ada")),
        )
    )
    with master.log_in(MASTER, "postgres") as connection:
        connection.execute("CREATE ROLE reader LOGIN IN ROLE rds_iam")
        connection.execute("CREATE ROLE absent LOGIN IN ROLE rds_iam")
        connection.execute("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
        connection.execute(f'CREATE DATABASE "{QUOTED}"')
    with reader.log_in("reader", "postgres") as connection:
        connection.execute("SELECT 'a | b' /* and\nmore */")
        connection.execute("SELECT %s::int", [7], prepare=True)
        connection.execute("CREATE TEMPORARY TABLE kept (it int)")
    with reader.log_in("reader", QUOTED) as connection:
        connection.execute("SELECT 42")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        reader.log_in("reader", "template1").__enter__()
    with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
        reader.log_in("absent", "postgres").__enter__()
    log = (state / "rds" / IDENTIFIER / "postgresql.log").read_text()
    entries = re.split(r"\n(?!\t)", log.strip())
    return [{"@timestamp": number, "@message": one} for number, one in enumerate(entries, 1)]


def asked(name: str, events: list[Row], identity: str = "airflow_") -> list[dict[str, Any]]:
    return run(QUERIES[name].replace("/^airflow_/", f"/^{identity}/"), events)


def test_who_ran_which_statement_on_which_database_is_told(events: list[Row]) -> None:
    found = [
        (row["user"], row["database"], row["statement"]) for row in asked("statements", events)
    ]
    assert {user for user, _, _ in found} == {"reader"}, "nobody's own is shown but tenants'"
    assert ("reader", "postgres", "CREATE TEMPORARY TABLE kept (it int)") in found
    # The whole of one that has lines, and no value that was bound.
    assert ("reader", "postgres", "SELECT 'a | b' /* and\n\tmore */") in found
    assert ("reader", "postgres", "SELECT $1::int") in found
    # A database's name may hold what the line's prefix does.
    assert ("reader", QUOTED, "SELECT 42") in found
    assert QUOTED in {one.database for one in logins(row["@message"] for row in events)}


def test_a_login_that_is_refused_is_told_with_its_reason(events: list[Row]) -> None:
    found = {(row["user"], row["said"]) for row in asked("refused-logins", events)}
    assert found == {
        ("reader", 'permission denied for database "template1"'),
        ("absent", 'PAM authentication failed for user "absent"'),
    }


def test_the_person_behind_a_login_is_found_by_the_time_of_an_assumed_role(
    events: list[Row],
) -> None:
    """The log is a real one; the local account keeps no trail, so its records are written here."""
    [login, *_] = [one for one in logins(row["@message"] for row in events) if one.user == "reader"]
    assert login.at
    sessions = role_sessions(
        {
            "eventSource": "sts.amazonaws.com",
            "eventName": "AssumeRole",
            "eventTime": (login.at - timedelta(minutes=minutes)).isoformat(),
            "userIdentity": {"type": "IAMUser", "userName": person},
            "requestParameters": {"roleArn": "reader's", "durationSeconds": 900},
            "responseElements": {"credentials": {"accessKeyId": person}},
        }
        for person, minutes in (("grace", 16), ("ada", 14), ("linus", -1))
    )
    answer = behind(login, sessions, is_role="reader's".__eq__, told=None)
    assert (answer.people, answer.confidence) == (["ada"], "the only one")
    assert "SELECT 'a | b' /* and\n\tmore */" in login.statements


def test_what_is_refused_is_counted_once_and_nothing_else_is(events: list[Row]) -> None:
    counted = [one["@message"] for one in events if matches(PATTERN, one["@message"])]
    assert len(counted) == 2
    assert all(":FATAL:  " in one for one in counted)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x", no encryption', True),
        ('FATAL:  pg_hba.conf rejects connection for host "10.0.0.1", user "x"', True),
        ('FATAL:  password authentication failed for user "x"', True),
        ('FATAL:  role "x y" is not permitted to log in', True),
        ('FATAL:  role "x" does not exist', True),
        ("FATAL:  terminating connection due to administrator command", False),
        ("ERROR:  permission denied for table orders", False),
        ("LOG:  statement: SELECT 'FATAL:  role x does not exist'", False),
        ("LOG:  connection authorized: user=x database=postgres", False),
    ],
)
def test_a_line_is_counted_if_it_refuses_somebody(said: str, refused: bool) -> None:
    for user in ("x", "[unknown]", "]:LOG:  ", "ü %"):
        line = f"2026-11-25 16:12:38 UTC:10.0.0.1(5):{user}@orders:[17568]:{said}"
        assert matches(PATTERN, line) == refused


@pytest.mark.parametrize("pattern", ["%a b%", "%(a|b)%", '%"a"%', "%a!%", "%\\n%", "%ü%"])
def test_a_regular_expression_that_cloudwatch_would_refuse_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="not of the regular expressions"):
        matches(pattern, "x")


@pytest.mark.parametrize("pattern", ["", "%%", "FATAL", "?a ?b", "{ $.x = 1 }", "[a, b]"])
def test_a_form_of_pattern_that_is_not_known_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="not known"):
        matches(pattern, "x")


def test_the_sessions_of_an_identity_have_a_beginning_and_an_end(events: list[Row]) -> None:
    found = asked("sessions-of-an-identity", events, "reader$")
    begun = {row["process"] for row in found if row["said"].startswith("connection authorized")}
    ended = {row["process"] for row in found if row["lasted"]}
    assert begun
    assert ended <= begun
    assert {row["user"] for row in found} == {"reader"}
    assert asked("sessions-of-an-identity", events, "nobody") == []


def test_what_an_identity_touched_is_counted_by_verb(events: list[Row]) -> None:
    found = {
        (row["database"], row["verb"]): row["statements"]
        for row in asked("what-an-identity-touched", events, "reader$")
    }
    assert found[("postgres", "CREATE")] >= 1
    assert found[("postgres", "SELECT")] >= 2


@pytest.mark.parametrize(
    "query",
    [
        "fields @message | dedup user",
        "fields strlen(@message)",
        "fields @message | filter @message ~= /x/",
        "fields @message | filter @message in ['x']",
        "fields @message | parse @message '* *' as a, b",
        "fields @message | stats avg(x) as y by z",
        "fields @message | sort @message",
        "fields @message | limit 20000",
        "unmask @message",
    ],
)
def test_the_evaluator_refuses_what_it_does_not_know(query: str) -> None:
    with pytest.raises(InsightsError, match="not known"):
        run(query, [{"@timestamp": 1, "@message": "x"}])
