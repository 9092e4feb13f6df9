"""The files of a review."""

from pathlib import Path

from review.kept import as_json as declared_as_json
from review.matrix.text import as_json, as_markdown
from review.nag import tables
from review.reports import Review, alerts
from review.sarif import as_sarif


def write(review: Review, folder: Path, *, declaration: str) -> None:
    """Write every file of the review.

    Args:
        review: what is said.
        folder: where; made if it is not there.
        declaration: the declaration's file, from the root of the repository.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = review.declared.environment
    files = {
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
