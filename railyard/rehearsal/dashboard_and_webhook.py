"""The others while the road is walked: somebody at Railway's dashboard, and Discord, which takes messages.

Owns both ends of these connections. Like the real dashboard it goes through Railway's API.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx

from railyard.engine import sandbox_door

_PROJECTS: Final = """query { projects(first: 50) { edges { node {
  id name environments(first: 1) { edges { node { id } } } services(first: 50) { edges { node { id name } } } } } } }"""
_SET: Final = "mutation ($input: VariableUpsertInput!) { variableUpsert(input: $input) }"


class Dashboard:
    """Railway's dashboard of the simulated account at ``address``."""

    def __init__(self, address: str) -> None:
        self._url, self._token = sandbox_door.graphql(address)

    def set_variable(self, project: str, service: str, name: str, value: str) -> None:
        """Set one variable of a service, which deploys it again."""
        place = next(each for each in _nodes(self._ask(_PROJECTS)["projects"]) if each["name"] == project)
        given = {
            "projectId": place["id"],
            "environmentId": _nodes(place["environments"])[0]["id"],
            "serviceId": next(each["id"] for each in _nodes(place["services"]) if each["name"] == service),
            "name": name,
            "value": value,
        }
        self._ask(_SET, input=given)

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = httpx.post(
            self._url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self._token}"},
            trust_env=False,
        )
        document = answer.raise_for_status().json()
        if document.get("errors"):
            raise RuntimeError(document["errors"][0]["message"])
        return document["data"]


class Inbox:
    """A Discord channel with a webhook on this machine."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.address = ""

    @contextmanager
    def open(self) -> Generator[None]:
        """Take messages for as long as the block runs."""
        messages = self.messages

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(self._document())
                self._answer(len(messages))

            def do_PATCH(self) -> None:
                number = int(self.path.rpartition("/")[2])
                messages[number - 1] = self._document()
                self._answer(number)

            def _document(self) -> dict[str, Any]:
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, number: int) -> None:
                body = json.dumps({"id": str(number)}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}/discord"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]
