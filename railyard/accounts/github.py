"""GitHub's REST API as the commands need it: one comment, one issue or one pull request, found again by its marker.

Owns requests and what their refusals mean. Knows nothing of stacks. The token is read from GITHUB_TOKEN and appears in
no message. Endpoints and limits: https://docs.github.com/rest.
"""

from __future__ import annotations

import base64
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import httpx

from railway_api.loopback import host_of
from railyard.shared.console import OperationError

LONGEST_BODY: Final = 65_536
"""Characters of a comment or an issue that GitHub takes."""
_PAGE: Final = 100
_TIMEOUT_S: Final = 30.0
Given = ParamSpec("Given")
Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Posted:
    """A text that was written at GitHub, and where people find it."""

    action: str
    """``created``, ``updated``, ``closed`` or ``unchanged``."""
    url: str


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request."""

    number: int
    of_fork: bool = False
    """True when its code comes from another repository."""
    open: bool = True
    commit: str = ""
    """Its newest one, in full."""
    branch: str = ""
    labels: tuple[str, ...] = ()


def _understood(
    method: Callable[Concatenate[GitHub, Given], Returned],
) -> Callable[Concatenate[GitHub, Given], Returned]:
    """Let a method raise ``OperationError`` where an answer has another shape than GitHub documents."""

    @functools.wraps(method)
    def understood(self: GitHub, *args: Given.args, **kwargs: Given.kwargs) -> Returned:
        try:
            return method(self, *args, **kwargs)
        except (KeyError, TypeError, AttributeError, IndexError):
            raise OperationError(_unexpected(f"/repos/{self.repository}")) from None

    return understood


@dataclass(frozen=True, kw_only=True)
class WorkflowRun:
    """A run of a workflow."""

    workflow: str
    """Name of its file without ending, ``check``."""
    id: int
    state: str
    """``success``, ``failure``, …; while it has not ended ``queued`` or ``in_progress``."""
    url: str

    @property
    def ended(self) -> bool:
        """Tell whether its results are there."""
        return self.state not in ("queued", "in_progress", "requested", "waiting", "pending")


class GitHub:
    """One repository at GitHub."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Read GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL; raises ``OperationError`` where one is wrong."""
        variables = os.environ if environment is None else environment
        token, self.repository = variables.get("GITHUB_TOKEN", ""), variables.get("GITHUB_REPOSITORY", "")
        token = token.strip()
        for name, value in (("GITHUB_TOKEN", token), ("GITHUB_REPOSITORY", self.repository)):
            if not value:
                raise OperationError(f"{name} is not set: a workflow gives it, on a laptop set it yourself")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise OperationError(
                "GITHUB_TOKEN: the token holds spaces, line breaks or characters that no token has: copy it again, "
                "and nothing else"
            )
        url = variables.get("GITHUB_API_URL") or "https://api.github.com"
        if host_of(url) is None:
            raise OperationError(f"GITHUB_API_URL is not a valid address: {url}; write it with https://")
        # In a workflow the comment to update is the workflow's own, never one with the marker that a person posted.
        self._only_bots = variables.get("GITHUB_ACTIONS") == "true"
        self._client = httpx.Client(
            base_url=url,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=_TIMEOUT_S,
        )

    @_understood
    def pull_request_of(self, head: str, commit: str) -> Pull | None:
        """Return the open pull request of ``owner:branch`` with ``commit`` as its newest; None when it has moved on."""
        for pull in self._pages("/pulls", state="open", head=head):
            if pull["head"]["sha"] == commit:
                return self._pull(pull)
        return None

    @_understood
    def pull(self, number: int) -> Pull:
        """Return a pull request as it is now."""
        return self._pull(self._call("GET", f"/pulls/{number}"))

    def _pull(self, pull: Mapping[str, Any]) -> Pull:
        origin: Mapping[str, Any] | None = pull["head"]["repo"]  # None when the fork was deleted
        is_own = origin is not None and str(origin["full_name"]).lower() == self.repository.lower()
        return Pull(
            number=int(pull["number"]),
            of_fork=not is_own,
            open=pull["state"] == "open",
            commit=str(pull["head"]["sha"]),
            branch=str(pull["head"]["ref"]),
            labels=tuple(str(each["name"]) for each in pull["labels"]),
        )

    @_understood
    def file(self, path: str, commit: str) -> str:
        """Return a file as a commit has it, that of a fork's pull request, too."""
        content = self._call("GET", f"/contents/{path}", params={"ref": commit})
        return base64.b64decode(content["content"]).decode(errors="replace")

    @_understood
    def add_label(self, number: int, label: str) -> None:
        """Give a pull request a label, which is made where there is none of that name."""
        self._call("POST", f"/issues/{number}/labels", json={"labels": [label]})

    @_understood
    def comment(self, number: int, marker: str, body: str | Callable[[str], str]) -> Posted:
        """Write the one comment with this marker on an issue or pull request, in the place of its last version.

        ``body`` may be a function of that one, which is empty where there is none.
        """
        for each in self._pages(f"/issues/{number}/comments"):
            if self._is_ours(each, marker):
                text = body if isinstance(body, str) else body(str(each["body"]))
                answer = self._call("PATCH", f"/issues/comments/{each['id']}", json={"body": text})
                return Posted("updated", answer["html_url"])
        text = body if isinstance(body, str) else body("")
        return Posted("created", self._call("POST", f"/issues/{number}/comments", json={"body": text})["html_url"])

    @_understood
    def issue(self, marker: str, title: str, body: str) -> Posted:
        """Open the one issue with this marker, or bring the open one up to date."""
        open_issue = self._open_issue(marker)
        if open_issue is None:
            answer = self._call("POST", "/issues", json={"title": title, "body": body})
            return Posted("created", answer["html_url"])
        if (open_issue["title"], open_issue["body"]) == (title, body):
            return Posted("unchanged", open_issue["html_url"])
        self._call("PATCH", f"/issues/{open_issue['number']}", json={"title": title, "body": body})
        return Posted("updated", open_issue["html_url"])

    @_understood
    def close_issue(self, marker: str, reason: str) -> Posted | None:
        """Close the open issue with this marker, with ``reason`` as its last comment; None when there is none."""
        open_issue = self._open_issue(marker)
        if open_issue is None:
            return None
        self._call("POST", f"/issues/{open_issue['number']}/comments", json={"body": reason})
        self._call("PATCH", f"/issues/{open_issue['number']}", json={"state": "closed", "state_reason": "completed"})
        return Posted("closed", open_issue["html_url"])

    @_understood
    def pull_request(self, branch: str, base: str, title: str, body: str) -> Posted:
        """Propose ``branch`` for ``base``, or bring the open proposal's text up to date."""
        owner = self.repository.partition("/")[0]
        for each in self._pages("/pulls", state="open", head=f"{owner}:{branch}"):
            self._call("PATCH", f"/pulls/{each['number']}", json={"title": title, "body": body})
            return Posted("updated", each["html_url"])
        fields = {"title": title, "body": body, "head": branch, "base": base}
        return Posted("created", self._call("POST", "/pulls", json=fields)["html_url"])

    @_understood
    def put_file(self, branch: str, path: str, *, before: str, after: str, message: str) -> str:
        """Commit one changed file to ``branch``, made anew from the default branch, whose name is the answer.

        Raises ``OperationError`` unless the file there is still as it was ``before`` the change.
        """
        base = str(self._call("GET", "")["default_branch"])
        file = self._call("GET", f"/contents/{path}", params={"ref": base})
        if base64.b64decode(file["content"]).decode() != before:
            raise OperationError(f"{path} is another one on {base} than here: pull {base}, and run the command again")
        head = self._call("GET", f"/git/ref/heads/{base}")["object"]["sha"]
        branches = self._call("GET", f"/git/matching-refs/heads/{branch}")
        if any(each["ref"] == f"refs/heads/{branch}" for each in branches):
            self._call("PATCH", f"/git/refs/heads/{branch}", json={"sha": head, "force": True})
        else:
            self._call("POST", "/git/refs", json={"ref": f"refs/heads/{branch}", "sha": head})
        content = base64.b64encode(after.encode()).decode()
        fields = {"message": message, "content": content, "sha": file["sha"], "branch": branch}
        self._call("PUT", f"/contents/{path}", json=fields)
        return base

    @_understood
    def last_deployed(self, environment: str) -> str | None:
        """Return the newest commit whose deployment to a GitHub environment succeeded."""
        for deployment in self._pages("/deployments", environment=environment):
            newest = self._call("GET", f"/deployments/{deployment['id']}/statuses", params={"per_page": 1})
            if newest and newest[0]["state"] in ("success", "inactive"):
                return str(deployment["sha"])
        return None

    @_understood
    def environments(self) -> list[str]:
        """Return the names of the repository's environments. Needs a token with actions: read."""
        names: list[str] = []
        while True:
            query = {"per_page": _PAGE, "page": len(names) // _PAGE + 1}
            page = self._call("GET", "/environments", params=query)["environments"]
            names += [str(each["name"]) for each in page]
            if len(page) < _PAGE:
                return names

    @_understood
    def record_deployment(self, environment: str, commit: str, state: str) -> None:
        """Keep that ``commit`` was deployed to a GitHub environment, which is made by this, and how it ended.

        Needs a token with deployments: write. ``state`` is ``success`` or ``failure``.
        """
        fields: dict[str, Any] = {"ref": commit, "environment": environment, "auto_merge": False}
        fields["required_contexts"] = []
        deployment = self._call("POST", "/deployments", json=fields)
        self._call("POST", f"/deployments/{deployment['id']}/statuses", json={"state": state, "auto_inactive": False})

    @_understood
    def runs(self, commit: str) -> dict[str, WorkflowRun]:
        """Return the newest run of each workflow that a pull request started at ``commit``, by its name."""
        query: dict[str, Any] = {"head_sha": commit, "event": "pull_request", "per_page": _PAGE}
        runs: dict[str, WorkflowRun] = {}
        for each in self._call("GET", "/actions/runs", params=query)["workflow_runs"]:
            name = str(each["path"]).partition("@")[0].rpartition("/")[2].removesuffix(".yml")
            state = str(each["conclusion"] or each["status"])
            run = WorkflowRun(workflow=name, id=int(each["id"]), state=state, url=str(each["html_url"]))
            if name not in runs or runs[name].id < run.id:
                runs[name] = run
        return runs

    def _open_issue(self, marker: str) -> Mapping[str, Any] | None:
        pages = self._pages("/issues", state="open", sort="created", direction="desc")
        return next((each for each in pages if "pull_request" not in each and self._is_ours(each, marker)), None)

    def _is_ours(self, comment: Mapping[str, Any], marker: str) -> bool:
        author: Mapping[str, Any] = comment.get("user") or {}  # of a deleted account GitHub says null
        if self._only_bots and author.get("type") != "Bot":
            return False
        return str(comment.get("body") or "").startswith(marker)

    def _pages(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        page = 1
        while True:
            answer = self._call("GET", path, params={**query, "per_page": _PAGE, "page": page})
            yield from answer
            if len(answer) < _PAGE:
                return
            page += 1

    def _call(self, method: str, path: str, **options: Any) -> Any:
        where = f"/repos/{self.repository}{path}"
        try:
            answer = self._client.request(method, where, **options)
        except httpx.HTTPError as error:
            raise OperationError(f"GitHub could not be reached ({type(error).__name__}): try again") from None
        if answer.is_error:
            raise OperationError(_refusal(method, where, answer))
        try:
            return answer.json()
        except ValueError:
            raise OperationError(_unexpected(where)) from None


def _unexpected(where: str) -> str:
    return (
        f"GitHub answered something unexpected to {where}: see GITHUB_API_URL, and https://www.githubstatus.com; then "
        "run the command again"
    )


def _refusal(method: str, where: str, answer: httpx.Response) -> str:
    try:
        message = str(answer.json().get("message", ""))
    except ValueError:
        message = ""
    other = "see https://www.githubstatus.com and try again" if answer.is_server_error else "see its documentation"
    fix = {
        401: "GITHUB_TOKEN is not valid (any more)",
        403: "the token may not do this, or its hourly limit is used up: see the permissions of the workflow's job",
        404: "it does not exist, or the token may not see it: see GITHUB_REPOSITORY and the permissions of the job",
    }.get(answer.status_code, other)
    return f"GitHub answered {answer.status_code} to {method} {where}: {message or 'no text'}; {fix}"
