"""cdk-nag's report as CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from review.nag.acknowledgments import Acknowledgment
from review.nag.findings import Finding, Report, Status

COLUMNS: tuple[str, ...] = (
    "pack", "rule", "resource", "status", "reason", "owner", "until", "level", "description",
)  # fmt: skip


def as_csv(report: Report) -> str:
    """A row for each rule and resource that it applies to, and one for how many it does not."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(report))
    return text.getvalue()


def as_json(report: Report) -> str:
    """The same, with the acknowledgments that match no finding."""
    content = {
        "findings": [_row(one) for one in report.findings],
        "not_applicable": report.not_applicable,
        "unused_acknowledgments": [
            {"finding": one.finding, "resource": one.path, "reason": one.reason}
            for one in report.unused
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def from_json(text: str) -> Report:
    """The report of which `as_json` made ``text``."""
    content: dict[str, Any] = json.loads(text)
    return Report(
        findings=[_finding(one) for one in content["findings"]],
        not_applicable=content["not_applicable"],
        unused=[
            Acknowledgment(finding=one["finding"], path=one["resource"], reason=one["reason"])
            for one in content["unused_acknowledgments"]
        ],
    )


def _finding(row: Mapping[str, str]) -> Finding:
    until = row["until"]
    return Finding(
        pack=row["pack"],
        rule=row["rule"],
        level=row["level"],
        description=row["description"],
        resource=row["resource"],
        status=Status(row["status"]),
        acknowledgment=Acknowledgment(
            finding=row["rule"],
            path=row["resource"],
            reason=row["reason"],
            owner=row["owner"],
            until=date.fromisoformat(until) if until else None,
        )
        if row["reason"]
        else None,
    )


def _rows(report: Report) -> Iterator[dict[str, str]]:
    for one in report.findings:
        yield _row(one)
    for rule, count in report.not_applicable.items():
        if count:
            pack = rule.rpartition("-")[0]
            yield {
                "pack": pack,
                "rule": rule,
                "resource": f"{count} other resources",
                "status": "not applicable",
            }


def _row(one: Finding) -> dict[str, str]:
    reason = one.acknowledgment
    return {
        "pack": one.pack,
        "rule": one.rule,
        "resource": one.resource,
        "status": one.status,
        "reason": reason.reason if reason else "",
        "owner": reason.owner if reason else "",
        "until": str(reason.until or "") if reason else "",
        "level": one.level,
        "description": one.description,
    }
