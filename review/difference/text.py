"""The difference as text, JSON and Markdown."""

import json
from dataclasses import asdict

from review.difference.model import Difference
from review.rendering import render, visible

NOTHING = "no change of access"


def as_text(difference: Difference) -> str:
    """A line for each change."""
    return "".join(f"{visible(str(one))}\n" for one in difference.changes) or f"{NOTHING}\n"


def summary(difference: Difference) -> str:
    """How many changes there are, such as ``1 wider, 2 narrower``."""
    counts = [f"{count} {name}" for name, count in difference.counts.items() if count]
    return ", ".join(counts) or NOTHING


def as_json(difference: Difference) -> str:
    """All of it."""
    content = {
        "widens": difference.widens,
        "summary": summary(difference),
        "counts": difference.counts,
        **asdict(difference),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def as_markdown(difference: Difference) -> str:
    """For a comment: the counts in its title, and each change below it."""
    return render("difference.md.jinja", difference=difference, summary=summary(difference))
