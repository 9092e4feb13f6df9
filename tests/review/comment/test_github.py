"""One comment of a pull request: made, left as it is, changed; a server stands in for GitHub."""

from collections.abc import Generator
from typing import Any

import pytest

from review.comment.compose import compose
from review.comment.github import BOT, GitHubError
from review.comment.reported import Reported
from tests.github_server import GitHub, served

pytestmark = pytest.mark.slow

NOTHING = compose([Reported(environment="dev", access=[], resources={})], link="first")
AGAIN = compose([Reported(environment="dev", access=[], resources={})], link="second")
WIDER = compose([Reported(environment="dev", access=[("wider", "it")], resources={})])


@pytest.fixture
def github() -> Generator[GitHub]:
    with served() as state:
        yield state


def comment(number: int, body: str, who: str = BOT) -> dict[str, Any]:
    return {"id": number, "body": body, "user": {"login": who}}


COMMENTS = "issues/7/comments"


def test_the_first_comment_is_made(github: GitHub) -> None:
    github.pages[COMMENTS] = [[comment(1, "hello"), comment(2, NOTHING, who="octocat")]]
    assert github.repository.comment(7, NOTHING) == "made"
    assert github.written == [("POST", "/repos/octo-org/it/issues/7/comments", NOTHING)]


def test_a_run_that_finds_the_same_writes_nothing(github: GitHub) -> None:
    github.pages[COMMENTS] = [[comment(1, "hello")], [comment(2, NOTHING)]]
    assert github.repository.comment(7, AGAIN) == "as it was"
    assert github.written == []


def test_a_run_that_finds_other_changes_changes_the_one_comment(github: GitHub) -> None:
    github.pages[COMMENTS] = [[comment(1, "hello")], [comment(2, NOTHING)]]
    assert github.repository.comment(7, WIDER) == "changed"
    assert github.written == [("PATCH", "/repos/octo-org/it/issues/comments/2", WIDER)]


def pull_request(number: int, commit: str) -> dict[str, Any]:
    return {"number": number, "head": {"sha": commit}}


def test_the_pull_request_is_found_by_the_run_s_branch_and_commit(github: GitHub) -> None:
    github.pages["pulls"] = [[pull_request(3, "abc"), pull_request(4, "def")]]
    asked = github.repository.pull_request
    assert asked(owner="stranger", branch="x", commit="def") == 4
    # A push since, and the comment would be about something else.
    assert asked(owner="stranger", branch="x", commit="older") is None


def test_what_is_deployed_is_the_last_that_succeeded(github: GitHub) -> None:
    github.pages["deployments"] = [[{"id": 2, "sha": "waiting"}, {"id": 1, "sha": "done"}]]
    github.pages["deployments/2/statuses"] = [[{"state": "waiting"}]]
    github.pages["deployments/1/statuses"] = [[{"state": "inactive"}, {"state": "success"}]]
    assert github.repository.deployed("prod") == "done"
    github.pages["deployments"] = [[]]
    assert github.repository.deployed("prod") is None


def test_a_refusal_is_told_with_what_was_asked(github: GitHub) -> None:
    with pytest.raises(GitHubError, match=r"GET .*/issues/8/comments"):
        github.repository.comment(8, NOTHING)
