"""The review as one page that needs nothing else."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from review.controls import controls
from review.guardrails.rules import RULES, title
from review.horizon import horizon
from review.matrix.labels import Labels
from review.matrix.model import NOT_ASKED
from review.nag.findings import Finding, Report, Status
from review.paths.handed import running_with
from review.picture import NARROW, WIDE, picture
from review.rendering import asset, render
from review.reports import Review, reason_for


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of cdk-nag with every resource that it applies to."""

    name: str
    description: str
    violated: Sequence[Finding]
    acknowledged: Sequence[Finding]
    compliant: Sequence[Finding]
    not_applicable: int
    """Resources."""


def page(review: Review, *, today: date) -> str:
    """HTML for browsers, phones, printers and screen readers; it asks nobody for anything.

    Args:
        review: what is said.
        today: the day of the review.
    """
    nag = _rules(review.nag)
    style, script = asset("review.css"), asset("review.js")
    return render(
        "review.html.jinja",
        review=review,
        today=today,
        not_asked=NOT_ASKED,
        style=style,
        script=script,
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
        f"script-src {_hash(script)}; base-uri 'none'; form-action 'none'",
        pictures={"wide": picture(review.matrix, WIDE), "narrow": picture(review.matrix, NARROW)},
        descriptions=dict(_descriptions(review)),
        terms={(one.identity, one.server, one.user): one for one in review.declared.grants},
        guardrails=[(one, reason_for(one, review.acknowledged)) for one in review.guardrails],
        rules=[title(rule) for rule in RULES],
        nag=nag,
        nag_tables=[each for each in _tables(nag) if each[1]],
        controls=controls(review.access, review.matrix),
        horizon=horizon(review.access, review.declared),
    )


def _descriptions(review: Review) -> Iterator[tuple[str, str]]:
    """What runs with a role says of itself, or else the role, by the identity's name."""
    access = review.access
    labels = Labels(access.assembly, review.declared)
    for identity in access.identities:
        for one in (*running_with(identity, access), identity.resource):
            description = one.properties.get("Description") if one else None
            if isinstance(description, str) and labels.name(identity) != description:
                yield labels.name(identity), description
                break


def _rules(report: Report) -> list[Rule]:
    """Each rule with what it says."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        by_rule[one.rule.partition("[")[0]].append(one)
    return [
        Rule(
            name=name,
            description=found[0].description if found else "",
            violated=[one for one in found if one.status is Status.VIOLATED],
            acknowledged=[one for one in found if one.status is Status.ACKNOWLEDGED],
            compliant=[one for one in found if one.status is Status.COMPLIANT],
            not_applicable=others,
        )
        for name, others in report.not_applicable.items()
        for found in [by_rule[name]]
    ]


def _tables(rules: Sequence[Rule]) -> Iterator[tuple[str, list[Rule], bool]]:
    """Caption, rules, and whether they are folded away: what somebody must look at is first."""
    wrong = [one for one in rules if one.violated or one.acknowledged]
    right = [one for one in rules if one.compliant and one not in wrong]
    idle = [one for one in rules if one not in wrong and one not in right]
    yield "Rules with findings that are violated, or acknowledged", wrong, False
    yield "Rules that everything they apply to complies with", right, True
    yield "Rules that apply to nothing here", idle, True


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
