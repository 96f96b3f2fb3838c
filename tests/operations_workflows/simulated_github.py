"""The part of GitHub's REST API that the commands use, on loopback, with its pages, limits and refusals.

Also takes what is sent to webhooks of Discord and Slack.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

OWNER = "example"
REPOSITORY = f"{OWNER}/railyard"
TOKEN = "planted-github-token"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "somebody", "type": "User"}
LONGEST = 65_536


class RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class SimulatedGitHub:
    """One repository."""

    def __init__(self) -> None:
        self.address = ""
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        """Runs of workflows."""
        self.branches = {"main": "f" * 40}
        self.files: dict[tuple[str, str], str] = {}
        """Branch and name → text."""
        self.sent: dict[str, list[dict[str, Any]]] = {"/discord": [], "/slack": []}
        self.requests: list[str] = []
        self.token_may_write = True

    @property
    def variables(self) -> dict[str, str]:
        """What a workflow gives its steps."""
        return {
            "GITHUB_API_URL": self.address,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "42",
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": TOKEN,
        }

    @property
    def webhooks(self) -> dict[str, str]:
        """The addresses of both webhooks, which are secrets."""
        return {
            "DISCORD_WEBHOOK_URL": f"{self.address}/discord?planted-webhook",
            "SLACK_WEBHOOK_URL": f"{self.address}/slack?planted-webhook",
        }

    def open_pull(self, number: int, head: str, commit: str) -> None:
        """Somebody opens a pull request from ``owner:branch``."""
        owner, _, branch = head.partition(":")
        origin = {"sha": commit, "ref": branch, "repo": {"full_name": f"{owner}/railyard"}}
        fields = {"number": number, "state": "open", "label": head, "head": origin, "title": "", "body": ""}
        fields |= {"labels": [], "html_url": f"https://github.example/{REPOSITORY}/pull/{number}"}
        self.pulls.append(fields)

    def pull(self, number: int) -> dict[str, Any]:
        """One pull request, to be changed."""
        return next(each for each in self.pulls if each["number"] == number)

    def began(self, workflow: str, commit: str, state: str) -> None:
        """A run of a workflow began at a commit, and has this state now."""
        going_on = state in ("queued", "in_progress")
        fields = {"status": state if going_on else "completed", "conclusion": None if going_on else state}
        made = {"id": len(self.runs) + 1, "path": f".github/workflows/{workflow}.yml", "head_sha": commit, **fields}
        self.runs.append(made | {"html_url": f"https://github.example/{REPOSITORY}/actions/runs/{made['id']}"})

    def post_comment(self, number: int, body: str, user: dict[str, str]) -> dict[str, Any]:
        """Somebody comments."""
        if len(body) > LONGEST:
            raise RefusedError(422, "Body is too long (maximum is 65536 characters)")
        made = {"id": len(self.comments) + 1, "issue": number, "body": body, "user": user}
        made["html_url"] = f"https://github.example/{REPOSITORY}/issues/{number}#issuecomment-{made['id']}"
        self.comments.append(made)
        return made

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any], token: str) -> Any:
        """One request."""
        self.requests.append(f"{method} {path}")
        webhook, _, number = path.partition("/messages/")
        if webhook in self.sent:
            return self._message(method, webhook, number, query, body)
        if token != f"Bearer {TOKEN}":
            raise RefusedError(401, "Bad credentials")
        if method != "GET" and not self.token_may_write:
            raise RefusedError(403, "Resource not accessible by integration")
        prefix = f"/repos/{REPOSITORY}"
        if not path.startswith(prefix):
            raise RefusedError(404, "Not Found")
        answer = self._answer(method, path.removeprefix(prefix), query, body)
        if isinstance(answer, list):
            size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
            return answer[(page - 1) * size : page * size]
        return answer

    def _answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        match parts := path.strip("/").split("/"):
            case ["issues" | "pulls", *_]:
                return self._of_conversations(method, parts, query, body)
            case ["deployments" | "environments" | "actions", *_]:
                return self._of_deployments(method, parts, query, body)
            case _:
                return self._of_files(method, parts, query, body)

    def _of_conversations(self, method: str, parts: list[str], query: dict[str, str], body: dict[str, Any]) -> Any:  # noqa: C901, PLR0911
        """Answer about issues, pull requests and their comments."""
        match method, *parts:
            case "GET", "issues":
                return [each for each in self.issues if each["state"] == query.get("state", "open")]
            case "POST", "issues":
                return self._new_issue(body)
            case "PATCH", "issues", "comments", number:
                return self._update(self.comments, "id", number, body)
            case "PATCH", "issues", number:
                return self._update(self.issues, "number", number, body)
            case "GET", "issues", number, "comments":
                return [each for each in self.comments if each["issue"] == int(number)]
            case "POST", "issues", number, "comments":
                return self.post_comment(int(number), body["body"], BOT)
            case "GET", "pulls":
                head = query.get("head")
                return [each for each in self.pulls if each["state"] == "open" and head in (None, each["label"])]
            case "GET", "pulls", number:
                return self.pull(int(number))
            case "POST", "issues", number, "labels":
                self.pull(int(number))["labels"] += [{"name": name} for name in body["labels"]]
                return self.pull(int(number))["labels"]
            case "POST", "pulls":
                self.open_pull(len(self.pulls) + 100, f"{OWNER}:{body['head']}", "0" * 40)
                self.pulls[-1].update(title=body["title"], body=body["body"], base=body["base"])
                return self.pulls[-1]
            case "PATCH", "pulls", number:
                return self._update(self.pulls, "number", number, body)
            case _:
                raise RefusedError(404, "Not Found")

    def _of_files(self, method: str, parts: list[str], query: dict[str, str], body: dict[str, Any]) -> Any:  # noqa: PLR0911
        """Answer about branches, and files in them."""
        match method, *parts:
            case "GET", "":
                return {"default_branch": "main"}
            case "GET", "git", "ref", "heads", branch:
                return {"object": {"sha": self.branches[branch]}}
            case "GET", "git", "matching-refs", "heads", *rest:
                return [{"ref": f"refs/heads/{name}"} for name in self.branches if name.startswith("/".join(rest))]
            case "POST", "git", "refs":
                self.branches[body["ref"].removeprefix("refs/heads/")] = body["sha"]
                return {}
            case "PATCH", "git", "refs", "heads", *rest:
                self.branches["/".join(rest)] = body["sha"]
                return {}
            case "GET", "contents", *path:
                name = "/".join(path)
                text = self.files[query["ref"], name]
                return {"sha": f"blob-of-{name}", "content": base64.encodebytes(text.encode()).decode()}
            case "PUT", "contents", *path:
                name = "/".join(path)
                if body["sha"] != f"blob-of-{name}" or body["branch"] not in self.branches:
                    raise RefusedError(409, f"{name} does not match {body['sha']}")
                self.files[body["branch"], name] = base64.b64decode(body["content"]).decode()
                return {}
            case _:
                raise RefusedError(404, "Not Found")

    def _of_deployments(self, method: str, parts: list[str], query: dict[str, str], body: dict[str, Any]) -> Any:
        """Answer about deployments, and runs of workflows."""
        match method, *parts:
            case "GET", "actions", "runs":
                return {"workflow_runs": [each for each in self.runs if each["head_sha"] == query["head_sha"]]}
            case "GET", "environments":
                names = dict.fromkeys(each["environment"] for each in self.deployments)
                return {"environments": [{"name": name} for name in names] if query["page"] == "1" else []}
            case "GET", "deployments":
                return [each for each in self.deployments if each["environment"] == query["environment"]]
            case "POST", "deployments":
                self.deployments.insert(
                    0, {"id": len(self.deployments) + 1, "sha": body["ref"], "statuses": [], **body}
                )
                return self.deployments[0]
            case "POST", "deployments", number, "statuses":
                deployment = next(each for each in self.deployments if each["id"] == int(number))
                deployment["statuses"].insert(0, body)
                return body
            case "GET", "deployments", number, "statuses":
                return next(each["statuses"] for each in self.deployments if each["id"] == int(number))
            case _:
                raise RefusedError(404, "Not Found")

    def _message(self, method: str, webhook: str, number: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        """Take a message; Discord tells its id to whoever waits for it, and lets it be changed."""
        messages = self.sent[webhook]
        if method == "PATCH":
            if webhook != "/discord" or not 0 < int(number) <= len(messages):
                raise RefusedError(404, "Unknown Message")
            messages[int(number) - 1] = body
            return {"id": number}
        messages.append(body)
        return {"id": str(len(messages))} if webhook == "/discord" and query.get("wait") == "true" else {}

    def _new_issue(self, body: dict[str, Any]) -> dict[str, Any]:
        number = len(self.issues) + 1
        made = {"number": number, "state": "open", "user": BOT, **body}
        made["html_url"] = f"https://github.example/{REPOSITORY}/issues/{number}"
        self.issues.append(made)
        return made

    @staticmethod
    def _update(table: list[dict[str, Any]], key: str, value: str, body: dict[str, Any]) -> dict[str, Any]:
        if len(body.get("body", "")) > LONGEST:
            raise RefusedError(422, "Body is too long (maximum is 65536 characters)")
        row = next((each for each in table if each[key] == int(value)), None)
        if row is None:
            raise RefusedError(404, "Not Found")
        row.update(body)
        return row

    @contextmanager
    def serve(self) -> Generator[SimulatedGitHub]:
        """Serve it on a free port of this machine."""
        simulated = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                where = urlsplit(self.path)
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, answer = 200, simulated.answer(
                        self.command, where.path, dict(parse_qsl(where.query)), json.loads(text or "{}"),
                        self.headers.get("Authorization", ""),
                    )  # fmt: skip
                except RefusedError as refused:
                    status, answer = refused.status, {"message": refused.message}
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = _handle  # noqa: N815 - the names that http.server calls

            def log_message(self, format: str, *args: Any) -> None:
                """Tests need no log."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def outside_of_code(text: str) -> str:
    """What GitHub reads as Markdown: all but code blocks, and code inside of a line or of HTML."""
    without_blocks = re.sub(r"^(`{3,})[a-z]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`|<code>[^<\n]*</code>", "", without_blocks)


def mentions(text: str) -> list[str]:
    """The names that GitHub would notify."""
    return re.findall(r"(?<!\w)@(\w+)", outside_of_code(text))
