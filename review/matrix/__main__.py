"""Who may do what, as templates, IAM and the databases themselves have it: `make matrix`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from review.asking import asked
from review.checks import CheckError, as_json, read
from review.kept import review_again
from review.matrix import text
from review.nag.tables import from_json
from review.page import page
from review.templates.assembly import AssemblyError

FAILED, DISAGREES = 1, 3
"""What the program exits with, beside 0 and argparse's 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask the servers, print the matrix, and write it beside the templates.

    Returns:
        0; 1 if it cannot be told; with ``--exit-code``, 3 if something disagrees.
    """
    options = _parser().parse_args(arguments)
    folder: Path = options.assembly
    try:
        found = review_again(folder, today=date.today())
        checks = read(options.checks) if options.checks else asked(boto3.Session(), found.access)
        found = review_again(folder, today=date.today(), checks=checks)
        # Its rules were asked by the synthesis.
        nag = from_json((folder / "review/nag.json").read_text(encoding="utf-8"))
    except (AssemblyError, CheckError, ClientError, BotoCoreError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    files = {
        "checks.json": as_json(checks),
        "index.html": page(replace(found, nag=nag), today=date.today()),
        "matrix.json": text.as_json(found.matrix),
        "matrix.md": text.as_markdown(found.matrix),
    }
    for name, content in files.items():
        (folder / "review" / name).write_text(content, encoding="utf-8")
    sys.stdout.write(text.as_markdown(found.matrix))
    return DISAGREES if options.exit_code and found.matrix.disagreements else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m review.matrix", description=__doc__)
    parser.add_argument("assembly", type=Path, help="the folder that was synthesized to")
    parser.add_argument(
        "--checks", type=Path, metavar="FILE", help="what the servers said, if they are not asked"
    )
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 if they disagree")
    return parser


if __name__ == "__main__":
    sys.exit(main())
