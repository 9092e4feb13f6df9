"""The pull request's one comment on GitHub.

Source: "REST API endpoints for issue comments" and "… for pull requests" of GitHub Docs.
"""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.comment.compose import MARK, same

_NEXT = re.compile(r'<([^>]+)>; rel="next"')
BOT = "github-actions[bot]"
"""Who writes with the token of a workflow."""


class GitHubError(Exception):
    """What cannot be done there; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository, as a workflow's token reaches it."""

    api: str
    """Such as ``https://api.github.com``."""
    name: str
    """``owner/repository``."""
    token: str

    def pull_request(self, *, owner: str, branch: str, commit: str) -> int | None:
        """The number of the open pull request of a branch of ``owner`` that is at ``commit``.

        GitHub tells no workflow of which pull request of a fork it is; what the fork's own run
        says of that is not asked.
        """
        query = urllib.parse.urlencode({"state": "open", "head": f"{owner}:{branch}"})
        for one in self._all(f"pulls?{query}"):
            if one["head"]["sha"] == commit:
                return int(one["number"])
        return None

    def comment(self, number: int, body: str) -> str:
        """Write the pull request's comment, or change the one that is there if it says otherwise.

        Returns:
            What was done: ``made``, ``changed`` or ``as it was``.
        """
        for one in self._all(f"issues/{number}/comments?per_page=100"):
            if one["user"]["login"] == BOT and one["body"].startswith(MARK):
                if same(one["body"], body):
                    return "as it was"
                self._ask(f"issues/comments/{one['id']}", "PATCH", {"body": body})
                return "changed"
        self._ask(f"issues/{number}/comments", "POST", {"body": body})
        return "made"

    def deployed(self, environment: str) -> str | None:
        """The commit that was deployed to an environment last, if one was."""
        query = urllib.parse.urlencode({"environment": environment})
        for one in self._all(f"deployments?{query}"):
            states, _ = self._ask(f"deployments/{one['id']}/statuses")
            if any(each["state"] == "success" for each in states):
                return str(one["sha"])
        return None

    def _all(self, path: str) -> Iterator[Any]:
        url: str | None = path
        while url:
            found, link = self._ask(url)
            yield from found
            further = _NEXT.search(link)
            url = further[1] if further else None

    def _ask(self, path: str, method: str = "GET", body: object = None) -> tuple[Any, str]:
        """The answer, and the header that links to the next page."""
        url = path if path.startswith(self.api) else f"{self.api}/repos/{self.name}/{path}"
        request = urllib.request.Request(  # noqa: S310
            url,
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer), answer.headers.get("Link", "")
        except OSError as error:
            raise GitHubError(f"{method} {url}: {error}") from error
