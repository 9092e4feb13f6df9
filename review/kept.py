"""What was declared, kept beside the templates, so that an assembly can be reviewed again."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from review.checks import Check
from review.declared import Declared
from review.reports import Review, review, review_of
from review.templates.assembly import Assembly, AssemblyError

DECLARED = "review/declared.json"
"""The file, in the folder of the assembly."""

_KEPT = TypeAdapter(Declared)


def as_json(declared: Declared) -> str:
    """What is kept of a declaration."""
    return _KEPT.dump_json(declared, indent=1).decode() + "\n"


def review_again(folder: Path, *, today: date, checks: Mapping[str, Check] | None = None) -> Review:
    """Review what was synthesized to ``folder`` at some time; of cdk-nag it says nothing.

    Args:
        folder: the assembly, with what its synthesis wrote to ``review/``.
        today: the day of the review.
        checks: as for `review.matrix.build.matrix`.

    Raises:
        AssemblyError: it is no assembly of this application.
    """
    file = folder / DECLARED
    try:
        declared = _KEPT.validate_json(file.read_bytes())
    except FileNotFoundError:
        raise AssemblyError(
            f"{folder}: holds no {DECLARED}, so that nobody knows what was declared: `make synth` "
            "of this application writes it"
        ) from None
    except ValidationError as error:
        raise AssemblyError(f"{file}: was written by another version: {error}") from None
    return review(
        folder,
        declared=declared,
        declaration="",
        answers={},
        today=today,
        checks=checks,
    )


def nothing(environment: str, *, today: date) -> Review:
    """The review of an environment that is not there yet, or not any more."""
    return review_of(
        Assembly(()),
        declared=Declared(environment=environment),
        declaration="",
        answers={},
        today=today,
    )
