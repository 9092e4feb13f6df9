import json
from typing import Any

from review.sarif import Alert, as_sarif
from tests.application import CdkOut


def alert(**changed: Any) -> Alert:
    given: dict[str, Any] = {
        "tool": "cdk-nag",
        "rule": "AwsSolutions-IAM5",
        "summary": "A wildcard.",
        "message": "AwsSolutions-IAM5[Resource::*]: A wildcard.",
        "resource": "dev-access/Role",
        "level": "error",
        "line": 12,
    }
    return Alert(**{**given, **changed})


def runs(*alerts: Alert) -> list[dict[str, Any]]:
    written = as_sarif(alerts, declaration="environments/dev.yaml", environment="dev")
    return json.loads(written)["runs"]


def test_a_result_stands_at_its_line_of_the_declaration() -> None:
    [run] = runs(alert())
    [result] = run["results"]
    [location] = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "environments/dev.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12},
    }
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["automationDetails"]["id"] == "cdk-nag/dev/"


def test_each_tool_has_a_run() -> None:
    found = runs(alert(), alert(tool="Guardrails", rule="tls"), alert(rule="AwsSolutions-A1"))
    assert [one["tool"]["driver"]["name"] for one in found] == ["cdk-nag", "Guardrails"]
    assert [len(one["results"]) for one in found] == [2, 1]


def fingerprint(one: Alert) -> str:
    [run] = runs(one)
    return run["results"][0]["partialFingerprints"]["ruleAndResource/v1"]


def test_a_fingerprint_stays_when_lines_move_and_differs_for_another_finding() -> None:
    assert fingerprint(alert(line=99)) == fingerprint(alert())
    assert fingerprint(alert(resource="dev-access/Other")) != fingerprint(alert())
    assert fingerprint(alert(message="another")) != fingerprint(alert())


def test_what_is_acknowledged_is_suppressed_with_its_reason() -> None:
    [run] = runs(alert(acknowledged="It is right."))
    assert run["results"][0]["suppressions"] == [
        {"kind": "inSource", "justification": "It is right."}
    ]


def test_the_application_writes_its_findings_at_lines_that_made_them(cdk_out: CdkOut) -> None:
    content = json.loads((cdk_out("dev") / "review" / "review.sarif").read_text())
    assert content["version"] == "2.1.0"
    results = [one for run in content["runs"] for one in run["results"]]
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {one["artifactLocation"]["uri"] for one in places} == {"environments/dev.yaml"}
    assert len({one["region"]["startLine"] for one in places}) > 1
    assert all(one["suppressions"] for one in results)
