"""A server in the place of GitHub: it answers what it was told to, and keeps what is written."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from review.comment.github import Repository

NAME = "octo-org/it"
TOKEN = "secret"


@dataclass
class GitHub:
    """Answers by path, a page at a time, and what was asked of it."""

    url: str = ""
    pages: dict[str, list[list[Any]]] = field(default_factory=dict[str, list[list[Any]]])
    written: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    @property
    def repository(self) -> Repository:
        return Repository(api=self.url, name=NAME, token=TOKEN)


@contextmanager
def served() -> Generator[GitHub]:
    """A GitHub on loopback."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.removeprefix(f"/repos/{NAME}/").partition("?")
            number = int(query.partition("page=")[2] or 1) if query.startswith("page=") else 1
            pages = state.pages.get(path)
            if self.headers["Authorization"] != f"Bearer {TOKEN}" or pages is None:
                self.send_error(404)
                return
            self.send_response(200)
            if number < len(pages):
                following = f"{state.url}/repos/{NAME}/{path}?page={number + 1}"
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
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
