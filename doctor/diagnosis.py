"""A diagnosis: the steps in their order, until one explains the rest."""

import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError  # pyright: ignore[reportMissingTypeStubs]

from doctor.answer import NOT_REACHED, Answer, State
from doctor.evidence import Evidence
from doctor.places import place
from doctor.refusal import broken
from doctor.steps import STEPS, Step
from rds_login.cause_table import Cause
from rds_login.login import refusal

_MARKS = {State.FINE: "✓", State.FAILED: "✗", State.UNKNOWN: "?", State.NOT_REACHED: " "}


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Each step's answer, and the first that failed.

    Attributes:
        title: how people call the login.
        login: who logs in where, in words.
        answers: by the step's name, in order.
        place: where to change what is wrong.
        seconds: that it took.
    """

    title: str
    login: str
    answers: Mapping[str, Answer]
    place: str = ""
    seconds: float = 0.0

    @property
    def culprit(self) -> tuple[str, Cause, str] | None:
        """The step that explains why the login fails, its cause and what was seen."""
        for step, answer in self.answers.items():
            if answer.cause:
                return step, answer.cause, answer.seen
        return None

    @property
    def summary(self) -> str:
        """What was seen, what it means, what to change and where, in a paragraph for a ticket."""
        if self.culprit is None:
            return f"{self.login} works, and nothing is wrong with it."
        step, cause, seen = self.culprit
        return (
            f"{self.login} fails at the {step} ({cause.key}). Seen: {seen}. It means:"
            f" {cause.means}. To change: {cause.remedy}. Where: {self.place or 'there'}."
        )

    def text(self) -> str:
        """A line for each step, and the summary."""
        lines = [
            f"{_MARKS[answer.state]} {step:<12}{answer.seen}"
            for step, answer in self.answers.items()
        ]
        return "\n".join((f"{self.title}:", *lines, "", textwrap.fill(self.summary, 100)))

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "title": self.title,
            "healthy": self.culprit is None,
            "cause": self.culprit[1].key if self.culprit else None,
            "place": self.place or None,
            "summary": self.summary,
            "seconds": round(self.seconds, 3),
            "steps": {
                step: {"state": answer.state.value, "seen": answer.seen}
                for step, answer in self.answers.items()
            },
        }


def diagnose(evidence: Evidence, before: Mapping[str, Answer] | None = None) -> Diagnosis:
    """Ask step by step; what stands on a step that failed is not reached.

    Args:
        evidence: what can be seen of the login.
        before: answers of steps that came first, by their names.
    """
    begun = time.monotonic()
    answers = dict(before or {})
    try:
        for name, step in STEPS.items():
            explained = any(answer.cause for answer in answers.values())
            answers[name] = NOT_REACHED if explained else _asked(step, evidence)
    finally:
        evidence.close()
    subject = evidence.subject
    cause = next((answer.cause for answer in answers.values() if answer.cause), None)
    return Diagnosis(
        title=subject.title,
        login=f"The login of {subject.user} to {subject.database} on {subject.endpoint}",
        answers=answers,
        place=place(cause, evidence) if cause else "",
        seconds=time.monotonic() - begun,
    )


def _asked(step: Step, evidence: Evidence) -> Answer:
    try:
        return step(evidence)
    # Of a session that was open: what does not let one open is a step's answer.
    except (DatabaseError, InterfaceError, OSError) as error:
        return broken(refusal(error))
