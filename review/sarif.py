"""What is wrong, as SARIF 2.1.0, which code scanning shows at a line of a pull request.

Source: "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" of OASIS, and "SARIF
support for code scanning" of GitHub.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from review.rendering import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something to look at, and the line of the declaration that made it."""

    tool: str
    rule: str
    """Without what of the resource it is about: one of few."""
    summary: str
    """What the rule is about."""
    message: str
    resource: str
    """The construct's path, or another name that stays when lines move."""
    level: str
    """``error``, ``warning`` or ``note``."""
    line: int
    acknowledged: str = ""
    """The reason, if somebody has acknowledged it."""


def as_sarif(alerts: Sequence[Alert], *, declaration: str, environment: str) -> str:
    """The alerts, a run for each tool.

    Args:
        alerts: in any order.
        declaration: the file, from the root of the repository.
        environment: whose runs these are; another's do not replace them.
    """
    tools = dict.fromkeys(one.tool for one in alerts)
    content = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            _run(tool, [one for one in alerts if one.tool == tool], declaration, environment)
            for tool in tools
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def _run(tool: str, alerts: Sequence[Alert], declaration: str, environment: str) -> dict[str, Any]:
    rules = {one.rule: one.summary for one in sorted(alerts, key=lambda one: one.rule)}
    return {
        "tool": {
            "driver": {
                "name": tool,
                "rules": [
                    {"id": rule, "shortDescription": {"text": summary}}
                    for rule, summary in rules.items()
                ],
            }
        },
        "automationDetails": {"id": f"{tool}/{environment}/"},
        "results": [_result(one, list(rules), declaration) for one in alerts],
    }


def _result(one: Alert, rules: Sequence[str], declaration: str) -> dict[str, Any]:
    identity = hashlib.sha256(f"{one.rule}|{one.resource}|{one.message}".encode()).hexdigest()
    return {
        "ruleId": one.rule,
        "ruleIndex": rules.index(one.rule),
        "level": one.level,
        "message": {"text": visible(f"{one.resource}: {one.message}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": declaration, "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": one.line},
                },
                "logicalLocations": [{"fullyQualifiedName": one.resource, "kind": "resource"}],
            }
        ],
        # Neither line nor file: the alert stays the same when the declaration grows above it.
        "partialFingerprints": {"ruleAndResource/v1": identity},
        "suppressions": [{"kind": "inSource", "justification": one.acknowledged}]
        if one.acknowledged
        else [],
    }
