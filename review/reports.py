"""A review: all that is said of an environment, from one reading of its assembly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path as File
from typing import Any

from review.checks import Check
from review.declared import Declared
from review.declared_lines import DeclaredLines
from review.guardrails.rules import Broken, broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.matrix.model import Matrix
from review.nag.acknowledgments import Acknowledgment, acknowledgments
from review.nag.findings import Report, Status, report
from review.paths.model import Path
from review.sarif import Alert
from review.templates.access import Access
from review.templates.assembly import Assembly, Resource, read

GUARDRAILS = "Guardrails"
"""The plugin's name, as in an acknowledgment of ``Guardrails::no-password``."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """What is said of an environment."""

    access: Access
    declared: Declared
    matrix: Matrix
    nag: Report
    guardrails: Sequence[Broken]
    paths: Sequence[Path]
    """Who else could come by a grant."""
    acknowledged: Sequence[Acknowledgment]
    lines: DeclaredLines


def review(
    folder: File,
    *,
    declared: Declared,
    declaration: str,
    answers: Mapping[str, Any],
    today: date,
    checks: Mapping[str, Check] | None = None,
) -> Review:
    """Review what was synthesized to ``folder``; the rest is as for `review_of`."""
    return review_of(
        read(folder),
        declared=declared,
        declaration=declaration,
        answers=answers,
        today=today,
        acknowledged=acknowledgments(folder),
        checks=checks,
    )


def review_of(
    assembly: Assembly,
    *,
    declared: Declared,
    declaration: str,
    answers: Mapping[str, Any],
    today: date,
    acknowledged: Sequence[Acknowledgment] = (),
    checks: Mapping[str, Check] | None = None,
) -> Review:
    """Review an assembly.

    Args:
        assembly: its templates.
        declared: what should be.
        declaration: the text of its file.
        answers: of cdk-nag's rules (see `review.nag.recorder`).
        today: the day of the review.
        acknowledged: findings that are right as they are.
        checks: by server, what its function found (see `review.matrix.build`).
    """
    access = Access(assembly, declared.arns_by_role)
    found = matrix(access, declared, checks)
    subject = Subject(access, declared, found, today, acknowledged)
    return Review(
        access=access,
        declared=declared,
        matrix=found,
        nag=report(answers, acknowledged, resources=len(assembly.resources)),
        guardrails=tuple(broken(subject)),
        paths=subject.paths,
        acknowledged=acknowledged,
        lines=DeclaredLines(declaration, declared),
    )


def alerts(one: Review) -> Iterator[Alert]:
    """What is wrong, each at the line of the declaration that made it."""
    by_path = {resource.path: resource for resource in one.access.assembly.resources}
    for finding in one.nag.findings:
        if finding.status is not Status.COMPLIANT:
            reason = finding.acknowledgment
            yield Alert(
                tool="cdk-nag",
                rule=finding.rule.partition("[")[0],
                summary=finding.description,
                message=finding.rule + ": " + finding.description,
                resource=finding.resource,
                level=finding.level,
                line=one.lines.of(by_path.get(finding.resource)),
                acknowledged=reason.reason if reason else "",
            )
    for found in one.guardrails:
        violation = found.violation
        resource, grant = violation.resource, violation.grant
        yield Alert(
            tool=GUARDRAILS,
            rule=found.rule,
            summary=found.title,
            message=violation.message,
            resource=_name(resource),
            level=violation.level,
            line=one.lines.of_grant(grant) if grant else one.lines.of(resource),
            acknowledged=reason_for(found, one.acknowledged),
        )


def reason_for(found: Broken, acknowledged: Sequence[Acknowledgment]) -> str:
    """Why a violation of a guardrail is right as it is, if somebody has acknowledged it."""
    path = found.violation.resource.path if found.violation.resource else ""
    return next(
        (one.reason for one in acknowledged if one.finding == found.rule and one.covers(path)), ""
    )


def _name(resource: Resource | None) -> str:
    return resource.shown if resource else "the declaration"
