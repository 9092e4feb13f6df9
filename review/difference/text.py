"""The difference as text, JSON and Markdown."""

import json
from dataclasses import asdict

from review.difference.model import Difference
from review.rendering import render

NOTHING = "no change of access"


def as_text(difference: Difference) -> str:
    """A line for each change."""
    return "".join(f"{one}\n" for one in difference.changes) or f"{NOTHING}\n"


def as_json(difference: Difference) -> str:
    """All of it."""
    content = {"widens": difference.widens, **asdict(difference)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_markdown(difference: Difference) -> str:
    """For a comment: what it is in one line, and each change below it."""
    return render("difference.md.jinja", difference=difference, nothing=NOTHING)
