"""The review at each synthesis: the only module here that knows the CDK."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import (
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NagPack,
    NIST80053R5Checks,
    PCIDSS321Checks,
    ServerlessChecks,
)

from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.review import Pack
from review.declared import declared
from review.files import write
from review.guardrails.rules import RULES, Broken, name
from review.rendering import visible
from review.reports import GUARDRAILS, review

PACKS: dict[Pack, Callable[[App], NagPack]] = {
    "AwsSolutions": AwsSolutionsChecks,
    "NIST.800.53.R5": NIST80053R5Checks,
    "HIPAA.Security": HIPAASecurityChecks,
    "PCI.DSS.321": PCIDSS321Checks,
    "Serverless": ServerlessChecks,
}
Answers = Callable[[], Mapping[str, Any]]


def review_plugins(
    app: App, declaration: Declaration, *, file: Path, answers: Answers, today: date
) -> list[IPolicyValidationPlugin | NagPack]:
    """cdk-nag's packs and the guardrails, which write the review beside the templates.

    Args:
        app: the application.
        declaration: what it is made from.
        file: the declaration's file.
        answers: gives what cdk-nag's rules have answered.
        today: the day of the review, for grants and acknowledgments with an end.
    """
    packs = [PACKS[pack](app) for pack in declaration.review.packs]
    return [*packs, Guardrails(declaration, file=file, answers=answers, today=today)]


@jsii.implements(IPolicyValidationPlugin)
class Guardrails:
    """A plugin that goes after those whose answers it writes down."""

    def __init__(
        self, declaration: Declaration, *, file: Path, answers: Answers, today: date
    ) -> None:
        self._declaration = declaration
        self._file = file
        self._answers = answers
        self._today = today

    @property
    def name(self) -> str:
        """What stands before a rule's name in an acknowledgment."""
        return GUARDRAILS

    @property
    def version(self) -> str | None:
        """None: it is this application's."""
        return None

    @property
    def rule_ids(self) -> list[str]:
        """The names of its rules."""
        return [name(rule) for rule in RULES]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Review the templates, write the files, and report what a guardrail found."""
        folder = Path(context.template_paths[0]).parent
        found = review(
            folder,
            declared=declared(self._declaration, environment=self._file.stem),
            declaration=self._file.read_text(encoding="utf-8"),
            answers=self._answers(),
            today=self._today,
        )
        write(found, folder / "review", declaration=self._file.as_posix(), today=self._today)
        return PolicyValidationPluginReport(
            success=all(one.violation.level != "error" for one in found.guardrails),
            violations=list(_violations(list(found.guardrails))),
        )


def _violations(found: list[Broken]) -> Iterator[PolicyViolation]:
    for (rule, title, level, message), group in groupby(
        found, lambda one: (one.rule, one.title, one.violation.level, one.violation.message)
    ):
        yield PolicyViolation(
            rule_name=rule,
            description=f"{title}: {visible(message)}",
            severity=level,
            violating_resources=[
                PolicyViolatingResource(
                    construct_path=one.violation.resource.path if one.violation.resource else "",
                    locations=["Properties"],
                )
                for one in group
            ],
        )
