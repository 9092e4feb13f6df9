"""The files of a review."""

from datetime import date
from pathlib import Path

from review.kept import as_json as declared_as_json
from review.matrix.text import as_json, as_markdown
from review.nag import tables
from review.page import page
from review.reports import Review, alerts
from review.sarif import as_sarif


def write(review: Review, folder: Path, *, declaration: str, today: date) -> None:
    """Write every file of the review.

    Args:
        review: what is said.
        folder: where; made if it is not there.
        declaration: the declaration's file, from the root of the repository.
        today: the day of the review.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = review.declared.environment
    files = {
        "index.html": page(review, today=today),
        "declared.json": declared_as_json(review.declared),
        "matrix.json": as_json(review.matrix),
        "matrix.md": as_markdown(review.matrix),
        "nag.csv": tables.as_csv(review.nag),
        "nag.json": tables.as_json(review.nag),
        "review.sarif": as_sarif(
            list(alerts(review)), declaration=declaration, environment=environment
        ),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
