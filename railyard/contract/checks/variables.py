"""Points on how variables are read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from railway_api.documents.service import SERVICE_UPDATE
from railway_api.json_objects import table
from railway_api.patches import at
from railyard.contract.doubtful_point import Verdict, doubtful_point, verdict
from railyard.contract.graphql_documents import MASKED_CONFIG, VARIABLES
from railyard.contract.project_under_test import ProjectUnderTest

TEXTS: Final = {
    "PLAIN": "text",
    "SPACES": "  around  ",
    "LINES": "one\ntwo\n",
    "UNICODE": "grüße ✓",
    "JSON": '{"a": [1, "two"]}',
    "DOLLAR": "$HOME ${HOME}",
    "EMPTY": "",
    "REFERENCE": "${{PLAIN}}",
    "SPACED_REFERENCE": "a ${{ shared.LIVE_SHARED }} b",
}
"""Name → a text that Railway might rewrite."""


def _entries(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"value": text} for name, text in texts.items()}


@doubtful_point(
    7,
    "How are values hidden when a reader does not ask for them?",
    assumed="as null",
    change=("documents/environment.py", "railway/config/view.py"),
)
async def hidden(project: ProjectUnderTest) -> Verdict:
    """Read the configuration without values."""
    service = await project.service("hidden")
    await project.commit_service(service, {"variables": _entries({"HIDDEN": "not shown"})})
    variables = {"id": project.environment_id, "projectId": project.project_id}
    config = table((await project.call(MASKED_CONFIG, **variables))["config"])
    entry = table(at(config, ("services", service, "variables", "HIDDEN")))
    value = entry.get("value")
    if value == "not shown":
        return verdict((False, "they are not hidden at all"))
    return verdict((value is None and bool(entry), f"the value reads as {value!r}"))


@doubtful_point(
    8,
    "Are values read back exactly as they were written, and what does a sealed one look like?",
    assumed="texts stay as they are, and a sealed variable has no value",
    change=(
        "resources/shared/instance_config.py",
        "resources/variables.py",
        "railway/config/view.py",
    ),
)
async def read_back(project: ProjectUnderTest) -> Verdict:
    """Write texts that might be rewritten, and a sealed one, and read them back."""
    service = await project.service("texts")
    sealed = {"SEALED": {"value": "sealed text", "isSealed": True}}
    shared = _entries({"LIVE_SHARED": "shared"})
    entry = {"variables": {**_entries(TEXTS), **sealed}}
    await project.commit({"services": {service: entry}, "sharedVariables": shared})
    variables = table((await project.service_config(service)).get("variables"))
    rewritten = [name for name, text in TEXTS.items() if table(variables.get(name)).get("value") != text]
    shown = {name: table(variables.get(name)).get("value") for name in rewritten}
    hidden = table(variables.get("SEALED"))
    value = "shows its value" if hidden.get("value") == "sealed text" else f"reads as {hidden.get('value')!r}"
    return verdict(
        (not rewritten, f"rewritten: {shown}" if rewritten else f"{len(TEXTS)} texts read back as they were"),
        (bool(hidden) and hidden.get("value") is None, f"a sealed one {value if hidden else 'is not listed'}"),
    )


@doubtful_point(
    19,
    "What follows a renamed service?",
    assumed="the private host stays, and a reference to the old name is not rewritten and becomes empty",
    change=("resources/service.py", "railway/config/references.py"),
    requests=30,
)
async def renamed(project: ProjectUnderTest) -> Verdict:
    """Give a service that another one refers to a new name."""
    service, reader = await project.service("before"), await project.service("reader")
    text = "${{before.NAMED}}"
    patch = {service: {"variables": _entries({"NAMED": "value"})}, reader: {"variables": _entries({"REFERS": text})}}
    await project.commit({"services": patch})
    host = await _rendered(project, service, "RAILWAY_PRIVATE_DOMAIN")
    await project.call(SERVICE_UPDATE, id=service, input={"name": "after"})
    host_after = await _rendered(project, service, "RAILWAY_PRIVATE_DOMAIN")
    stored = at(await project.service_config(reader), ("variables", "REFERS", "value"))
    value = await _rendered(project, reader, "REFERS")
    return verdict(
        (host == host_after, f"the private host was {host} and is {host_after}"),
        (stored == text, f"the reference reads {stored}"),
        (not value, "its value is empty" if not value else f"its value is still {value!r}"),
    )


async def _rendered(project: ProjectUnderTest, service: str, name: str) -> str | None:
    return (await project.call(VARIABLES, **project.ids, serviceId=service)).get(name)


POINTS = (hidden, read_back, renamed)
