"""Compose the comment of a pull request, and post it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from review.comment.compose import compose
from review.comment.github import GitHubError, Repository
from review.comment.reported import ReportError, reported
from review.difference.__main__ import NOTHING

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of ``compose``, ``post`` and ``deployed``; 1 with a message if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m review.comment", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    composing = commands.add_parser("compose", help="write the comment of reviews")
    composing.add_argument("output", type=Path)
    composing.add_argument("reviews", type=Path, nargs="+", help="folders of reviews")
    composing.add_argument("--also", type=Path, help="a file that it is added to")
    posting = commands.add_parser("post", help="to the pull request of the run that is reported")
    posting.add_argument("reviews", type=Path, nargs="+", help="folders of reviews")
    deployed = commands.add_parser("deployed", help="the commit that an environment has")
    deployed.add_argument("environment", help="its name, or the file of its declaration")
    options = parser.parse_args(arguments)
    try:
        return {"compose": _compose, "post": _post, "deployed": _deployed}[options.command](options)
    except (GitHubError, ReportError) as error:
        print(error, file=sys.stderr)
        return FAILED


def _compose(options: argparse.Namespace) -> int:
    text = compose([reported(one) for one in options.reviews])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    if options.also:
        with options.also.open("a", encoding="utf-8") as file:
            file.write(text)
    sys.stdout.write(text)
    return 0


def _post(options: argparse.Namespace) -> int:
    text = compose([reported(one) for one in options.reviews], link=_given("RUN_URL"))
    repository = _repository()
    number = repository.pull_request(
        owner=_given("HEAD_OWNER"), branch=_given("HEAD_BRANCH"), commit=_given("HEAD_SHA")
    )
    if number is None:
        print("no open pull request is at that commit any more")
        return 0
    print(f"the comment of pull request {number} is {repository.comment(number, text)}")
    return 0


def _deployed(options: argparse.Namespace) -> int:
    commit = _repository().deployed(Path(options.environment).stem) or NOTHING
    print(commit)
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"commit={commit}\n")
    return 0


def _repository() -> Repository:
    return Repository(
        api=_given("GITHUB_API_URL"), name=_given("GITHUB_REPOSITORY"), token=_given("GITHUB_TOKEN")
    )


def _given(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise GitHubError(f"{variable} must be set in the environment")
    return value


if __name__ == "__main__":
    sys.exit(main())
