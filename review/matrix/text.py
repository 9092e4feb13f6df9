"""The access matrix as JSON, and as Markdown for a comment."""

import json
from dataclasses import asdict

from review.matrix.model import Matrix
from review.rendering import render


def as_json(matrix: Matrix) -> str:
    """All of it."""
    return json.dumps(asdict(matrix), indent=1, ensure_ascii=False) + "\n"


def as_markdown(matrix: Matrix) -> str:
    """A table, with the disagreements first."""
    return render("matrix.md.jinja", matrix=matrix)
