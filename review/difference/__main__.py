"""Who gains and who loses access, between two assemblies or two git revisions."""

import argparse
import shutil
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

NOTHING = "nothing"
"""In the place of an assembly: what was there before the first deploy."""
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
            _review(each, options.environment, options.today, keep)
            for each, keep in ((options.before, options.keep), (options.after, None))
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
    what = f"the folder of an assembly, a git revision, or {NOTHING!r}"
    parser.add_argument("before", help=what)
    parser.add_argument("after", help=what)
    parser.add_argument("--environment", default="dev", help="of the revisions (default: dev)")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="for Markdown and JSON")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for the templates before")
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 if access widens")
    parser.add_argument(
        "--today", type=date.fromisoformat, default=date.today(), help="default: today"
    )
    return parser


def _review(name: str, environment: str, today: date, keep: Path | None) -> Review:
    if is_assembly(name):
        _keep(Path(name), keep)
        return review_again(Path(name), today=today)
    if name == NOTHING:
        _keep(None, keep)
        return nothing(Path(environment).stem, today=today)
    with tempfile.TemporaryDirectory(prefix="revision-") as folder:
        found = synthesized(name, environment, Path(folder), today=today, repository=Path.cwd())
        _keep(found, keep)
        if found is None:
            return nothing(Path(environment).stem, today=today)
        return review_again(found, today=today)


def _keep(assembly: Path | None, folder: Path | None) -> None:
    """Have ``folder`` hold the templates of an assembly, or none, and nothing else."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in assembly.glob("*.template.json") if assembly else ():
            shutil.copy(file, folder)


if __name__ == "__main__":
    sys.exit(main())
