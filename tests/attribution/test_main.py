import gzip
import json
from pathlib import Path

import pytest

from attribution.__main__ import main
from tests.attribution.test_role_sessions import record

LOG = """\
2026-11-25 16:12:36 UTC:10.0.3.7(40312):analyst_orders_read@orders:[17558]:LOG:  connection \
authorized: user=analyst_orders_read database=orders application_name=psql
2026-11-25 16:12:37 UTC:10.0.3.7(40312):analyst_orders_read@orders:[17558]:LOG:  statement: TABLE
\torders \u202e
2026-11-25 16:12:38 UTC:10.0.3.7(40312):analyst_orders_read@orders:[17558]:LOG:  disconnection: \
session time: 0:00:02.010 user=analyst_orders_read database=orders host=10.0.3.7 port=40312
2026-11-25 16:12:39 UTC:10.0.9.9(40313):airflow_orders_read@orders:[17559]:LOG:  statement: SELECT 1
2026-11-25 16:12:40 UTC:10.0.9.9(40314):administrator@postgres:[17560]:LOG:  statement: SELECT 1
"""
ADA = record({"type": "IAMUser", "userName": "ada"})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "postgresql.log"
    file.write_text(LOG)
    return file


def asked(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*map(str, arguments), "--environment", "prod"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "exported",
    [
        {"Records": [ADA]},
        {"Events": [{"CloudTrailEvent": json.dumps(ADA)}]},
        {"events": [{"message": json.dumps(ADA)}]},
    ],
)
def test_a_trail_is_read_in_each_form_that_aws_gives_it(
    exported: dict[str, object], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail = log.with_name("trail.json.gz")
    trail.write_bytes(gzip.compress(json.dumps(exported).encode()))
    said = asked(log, trail, capsys=capsys)
    assert "  ada: the only one: nobody else had a session" in said
    assert "begun 2026-11-25 16:00:00 from 203.0.113.5" in said
    assert "a task of Airflow's" in said
    assert "3 logins" in said


def test_the_log_is_read_from_its_group_too_and_one_identity_asked_for(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail, group = log.with_name("trail"), log.with_name("group")
    trail.write_text(json.dumps({"Records": [ADA]}))
    events = [{"message": entry} for entry in LOG.replace("\n\t", "\0").splitlines()]
    group.write_text(json.dumps({"events": events}))
    [found] = json.loads(asked(group, trail, "--identity", "analyst", "--json", capsys=capsys))
    assert (found["identity"], found["people"]) == ("analyst", ["ada"])
    assert found["confidence"] == "the only one"
    assert len(found["statements"]) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is no JSON"), ("[]", "no object"), ('{"other": 1}', "it has the keys other")],
)
def test_a_file_that_is_no_export_is_refused_in_words(
    content: str, says: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trail = log.with_name("trail")
    trail.write_text(content)
    assert main([str(log), str(trail), "--environment", "prod"]) == 1
    assert f"{trail}: " in (error := capsys.readouterr().err)
    assert says in error
