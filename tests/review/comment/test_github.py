"""One comment of a pull request: made, left as it is, changed; a server stands in for GitHub."""

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from review.comment.compose import compose
from review.comment.github import BOT, GitHubError, Repository
from review.comment.reported import Reported

NOTHING = compose([Reported(environment="dev", access=[], resources={})], link="first")
AGAIN = compose([Reported(environment="dev", access=[], resources={})], link="second")
WIDER = compose([Reported(environment="dev", access=[("wider", "it")], resources={})])


@dataclass
class GitHub:
    """Answers by path, a page at a time, and what was asked of it."""

    url: str = ""
    pages: dict[str, list[list[Any]]] = field(default_factory=dict[str, list[list[Any]]])
    written: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    @property
    def repository(self) -> Repository:
        return Repository(api=self.url, name="octo-org/it", token="secret")


@pytest.fixture
def github() -> Generator[GitHub]:
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.removeprefix("/repos/octo-org/it/").partition("?")
            number = int(query.partition("page=")[2] or 1) if query.startswith("page=") else 1
            pages = state.pages.get(path)
            if self.headers["Authorization"] != "Bearer secret" or pages is None:
                self.send_error(404)
                return
            self.send_response(200)
            if number < len(pages):
                following = f"{state.url}/repos/octo-org/it/{path}?page={number + 1}"
                self.send_header("Link", f'<{following}>; rel="next", <x>; rel="last"')
            self.answer(pages[number - 1])

        def write(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))["body"]
            state.written.append((self.command, self.path, body))
            self.send_response(201)
            self.answer({})

        do_POST = do_PATCH = write  # noqa: N815

        def answer(self, content: Any) -> None:
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


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
