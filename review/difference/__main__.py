"""Who gains and who loses access, between two assemblies or two git revisions."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from review.difference.build import difference
from review.difference.revisions import RevisionError, is_assembly, synthesized
from review.difference.text import as_json, as_markdown, as_text
from review.kept import nothing, review_again
from review.reports import Review
from review.templates.assembly import AssemblyError

FAILED, WIDER = 1, 3
"""What the program exits with, beside 0 and argparse's 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print the sentences, and write ``difference.md`` and ``difference.json``.

    Returns:
        0; 1 if there is nothing to compare; with ``--exit-code``, 3 if access widens or moves.
    """
    options = _parser().parse_args(arguments)
    try:
        before, after = (
            _review(each, options.environment, options.today)
            for each in (options.before, options.after)
        )
    except (AssemblyError, RevisionError) as error:
        print(error, file=sys.stderr)
        return FAILED
    found = difference(before, after)
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "difference.md").write_text(as_markdown(found), encoding="utf-8")
        (options.write / "difference.json").write_text(as_json(found), encoding="utf-8")
    sys.stdout.write(as_text(found))
    return WIDER if options.exit_code and found.widens else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m review.difference", description=__doc__)
    what = "the folder of an assembly, or a git revision"
    parser.add_argument("before", help=what)
    parser.add_argument("after", help=what)
    parser.add_argument("--environment", default="dev", help="of the revisions (default: dev)")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="for Markdown and JSON")
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 if access widens")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=date.today(), help="default: today"
    )
    return parser


def _review(name: str, environment: str, today: date) -> Review:
    if is_assembly(name):
        return review_again(Path(name), today=today)
    with tempfile.TemporaryDirectory(prefix="revision-") as folder:
        found = synthesized(name, environment, Path(folder), today=today, repository=Path.cwd())
        if found is None:
            return nothing(Path(environment).stem, today=today)
        return review_again(found, today=today)


if __name__ == "__main__":
    sys.exit(main())
