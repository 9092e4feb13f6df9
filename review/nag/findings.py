"""Every rule of cdk-nag and every resource: compliant, acknowledged, violated or not applicable."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from review.nag.acknowledgments import Acknowledgment, Covering


class Status(StrEnum):
    """What a rule says of a resource."""

    COMPLIANT = "compliant"
    ACKNOWLEDGED = "acknowledged"
    VIOLATED = "violated"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that applies to a resource, and what it says."""

    pack: str
    rule: str
    """With what of the resource it is about, such as ``AwsSolutions-IAM5[Resource::*]``."""
    level: str
    """``error`` or ``warning``."""
    description: str
    resource: str
    """The construct's path."""
    status: Status
    acknowledgment: Acknowledgment | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the packs say."""

    findings: Sequence[Finding]
    not_applicable: Mapping[str, int]
    """By rule, to how many resources it does not apply."""
    unused: Sequence[Acknowledgment]
    """Acknowledgments of a pack that ran, and that match no finding."""

    def count(self, status: Status) -> int:
        """How many findings have the status."""
        return sum(one.status is status for one in self.findings)


def report(
    answers: Mapping[str, Mapping[str, Any]],
    acknowledgments: Sequence[Acknowledgment],
    *,
    resources: int,
) -> Report:
    """The report on what was recorded (see `review.nag.recorder`) of so many resources."""
    covering = Covering(acknowledgments)
    found = tuple(
        finding
        for pack, rules in answers.items()
        for rule, content in rules.items()
        for finding in _findings(pack, rule, content, covering)
    )
    used = {one.acknowledgment for one in found}
    return Report(
        findings=found,
        not_applicable={
            rule: resources - len({one["resource"] for one in content["of"]})
            for rules in answers.values()
            for rule, content in rules.items()
        },
        unused=tuple(
            one
            for one in acknowledgments
            if one not in used and one.finding.split("[")[0].rpartition("-")[0] in answers
        ),
    )


def _findings(
    pack: str, rule: str, content: Mapping[str, Any], covering: Covering
) -> Iterator[Finding]:
    for answer in content["of"]:
        said: str | list[str] = answer["said"]
        path: str = answer["resource"]
        # A rule answers that all is well, or not, or lists what of the resource is not.
        wrong = [f"{rule}[{one}]" for one in said] if isinstance(said, list) else [rule]
        compliant = said in ("Compliant", [])
        for name in wrong or [rule]:
            reason = covering.first(name, path)
            yield Finding(
                pack=pack,
                rule=name,
                level=content["level"].lower(),
                description=_description(content, answer),
                resource=path,
                status=Status.COMPLIANT
                if compliant
                else Status.ACKNOWLEDGED
                if reason
                else Status.VIOLATED,
                acknowledgment=None if compliant else reason,
            )


def _description(content: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    return f"The rule could not decide: {error}" if error else str(content["info"])
