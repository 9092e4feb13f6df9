import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from airflow_rds_iam.declaration.review import Pack
from review.nag.acknowledgments import Acknowledgment, acknowledgments
from review.nag.findings import Report, Status, report
from review.nag.tables import as_csv, as_json
from tests.application import CdkOut


def rule(*said: Any, level: str = "Error") -> dict[str, Any]:
    of = [{"resource": f"app/{index}/Resource", "said": one} for index, one in enumerate(said)]
    return {"info": "What it is about.", "level": level, "of": of}


def acknowledged(finding: str, path: str = "app/0") -> Acknowledgment:
    return Acknowledgment(path=path, finding=finding, reason="It is right.")


def of(answer: Any, *reasons: Acknowledgment) -> Report:
    return report({"Pack": {"Pack-A1": answer}}, reasons, resources=7)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Compliant", [("Pack-A1", Status.COMPLIANT)]),
        ([], [("Pack-A1", Status.COMPLIANT)]),
        ("Non-Compliant", [("Pack-A1", Status.VIOLATED)]),
        ("Error", [("Pack-A1", Status.VIOLATED)]),
        (["Action::*", "Resource::*"],
         [("Pack-A1[Action::*]", Status.VIOLATED), ("Pack-A1[Resource::*]", Status.VIOLATED)]),
    ],
)  # fmt: skip
def test_an_answer_is_a_finding_each(said: Any, expected: list[tuple[str, Status]]) -> None:
    found = of(rule(said)).findings
    assert [(one.rule, one.status) for one in found] == expected


def test_a_finding_is_acknowledged_on_its_construct_or_above() -> None:
    found = of(rule("Non-Compliant", "Non-Compliant"), acknowledged("Pack-A1"))
    assert [one.status for one in found.findings] == [Status.ACKNOWLEDGED, Status.VIOLATED]
    assert found.unused == ()


@pytest.mark.parametrize(
    "unused", [acknowledged("Pack-B2"), acknowledged("Pack-A1", "app/00"),
               acknowledged("Pack-A1[Action::*]")],
)  # fmt: skip
def test_an_acknowledgment_that_matches_no_finding_is_told(unused: Acknowledgment) -> None:
    assert of(rule("Non-Compliant"), unused).unused == (unused,)


def test_an_acknowledgment_for_a_pack_that_did_not_run_is_not_unused() -> None:
    assert of(rule("Compliant"), acknowledged("Other-A1")).unused == ()
    assert of(rule("Compliant"), acknowledged("Pack-A1")).unused != ()


def test_the_table_has_every_rule_and_every_resource() -> None:
    found = of(rule("Compliant", "Non-Compliant"), acknowledged("Pack-A1", "app/1"))
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [(row["resource"], row["status"], row["reason"]) for row in rows] == [
        ("app/0/Resource", "compliant", ""),
        ("app/1/Resource", "acknowledged", "It is right."),
        ("5 other resources", "not applicable", ""),
    ]
    assert json.loads(as_json(found))["not_applicable"] == {"Pack-A1": 5}


def metadata(folder: Path, finding: str, reason: str) -> Path:
    entry = {"type": "aws:cdk:acknowledged-rules", "data": {finding: reason}}
    (folder / "a.metadata.json").write_text(json.dumps({"/app/One": [entry]}))
    return folder


@pytest.mark.parametrize(
    ("reason", "owner", "until"),
    [
        ("It is right", "", None),
        ("It is right (owner: data team; until: 2027-01-31)", "data team", date(2027, 1, 31)),
        ("It is right (until: 2027-01-31)", "", date(2027, 1, 31)),
        ("It is right (owner: data team)", "data team", None),
    ],
)
def test_an_acknowledgment_may_have_an_owner_and_an_end(
    tmp_path: Path, reason: str, owner: str, until: date | None
) -> None:
    [found] = acknowledgments(metadata(tmp_path, "Pack::Pack-A1[Action::s3:*]", reason))
    assert (found.path, found.finding) == ("app/One", "Pack-A1[Action::s3:*]")
    assert (found.reason, found.owner, found.until) == ("It is right", owner, until)


@pytest.mark.parametrize("environment", ["dev", pytest.param("prod", marks=pytest.mark.slow)])
def test_each_acknowledgment_of_the_application_is_of_a_finding(
    cdk_out: CdkOut, environment: str
) -> None:
    content = json.loads((cdk_out(environment) / "review" / "nag.json").read_text())
    assert content["unused_acknowledgments"] == []
    statuses = [one["status"] for one in content["findings"]]
    assert "violated" not in statuses
    assert statuses.count("acknowledged") > 10
    assert statuses.count("compliant") > 50
    packs = {"dev": {"AwsSolutions"}, "prod": set(get_args(Pack))}
    assert {one["pack"] for one in content["findings"]} == packs[environment]


def test_an_acknowledgment_of_a_pack_that_matches_nothing_any_more_is_told() -> None:
    unused = acknowledged("NIST.800.53.R5-LambdaDLQ")
    answers = {"NIST.800.53.R5": {"NIST.800.53.R5-LambdaDLQ": rule("Compliant")}}
    assert report(answers, [unused], resources=1).unused == (unused,)


def test_each_acknowledgment_leaves_its_trace_in_the_report_of_the_cdk(cdk_out: CdkOut) -> None:
    outdir = cdk_out("dev")
    written = json.loads((outdir / "validation-report.json").read_text())
    suppressed = {
        (one["ruleName"], construct["constructPath"], one["reason"])
        for plugin in written["pluginReports"]
        for one in plugin.get("suppressedViolations", [])
        for construct in one["violatingConstructs"]
    }
    content = json.loads((outdir / "review" / "nag.json").read_text())
    assert suppressed >= {
        (one["rule"], one["resource"], one["reason"])
        for one in content["findings"]
        if one["status"] == "acknowledged"
    }
