"""cdk-nag's report as CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterator

from review.nag.findings import Finding, Report

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
