"""``railyard doctor --first``: the steps to a first up, ticked off by asking, and the page with the same list."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from railway_sandbox.faults import Api
from railyard.operate.doctor import first_page
from railyard.operate.doctor.first_steps import STEPS
from tests.lifecycle.conftest import ROOT
from tests.operations.conftest import Railyard
from tests.railyard_command import Said

TOKENS = (
    "RAILWAY_API_TOKEN", "CLOUDFLARE_API_TOKEN", "DIGITALOCEAN_TOKEN", "SPACES_ACCESS_KEY_ID",
    "SPACES_SECRET_ACCESS_KEY",
)  # fmt: skip
Point = Callable[..., None]


def states(said: Said) -> dict[str, str]:
    """Step → how far it is."""
    return {each["name"]: each["state"] for each in said.json["steps"]}


def step(said: Said, name: str) -> dict[str, Any]:
    """What is said of a step."""
    return next(each for each in said.json["steps"] if each["name"] == name)


@pytest.fixture
def first(railyard: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """The command, on a stack with just the systems that are up, or with some of them."""

    def run(*systems: str, options: tuple[str, ...] = ("--json",)) -> Said:
        project = tmp_path / "-".join(("project", *systems))
        if not project.exists():
            shutil.copytree(ROOT / "secrets", project / "secrets")
            for name in ("Pulumi.yaml", "defaults.yaml"):
                shutil.copy(ROOT / name, project)
            head, *parts = (ROOT / "Pulumi.staging.yaml").read_text().split("\n  railyard:")
            wanted = ("zones", "secrets", "budget", "environment", *(systems or ("seance", "rose")))
            kept = [part for part in parts if part.partition(":")[0] in wanted]
            (project / "Pulumi.staging.yaml").write_text("\n  railyard:".join([head, *kept]))
        monkeypatch.setenv("RAILYARD_PROJECT", str(project))
        return railyard.run("doctor", "--first", "-s", "staging", *options)

    return run


def test_the_page_has_the_steps_of_the_command() -> None:
    """``make generate`` writes them; each has a name of its own, and comes after the one that it needs."""
    assert first_page.FILE.read_text(encoding="utf-8") == first_page.text()
    names = [each.name for each in STEPS]
    assert len(set(names)) == len(names)
    assert all(names.index(each.after) < at for at, each in enumerate(STEPS) if each.after)


def test_with_nothing_set_the_first_thing_to_do_is_a_token(
    first: Callable[..., Said], railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A real account is meant; nobody is asked, and what cannot be looked at yet says after what."""
    monkeypatch.setenv("HOME", str(tmp_path))
    said = first()

    assert said.code == 1
    step_states = states(said)
    assert [name for name, state in step_states.items() if state == "done"] in (["settings"], ["machine", "settings"])
    assert step(said, "railway-token")["text"] == "RAILWAY_API_TOKEN is not set"
    assert step(said, "railway-plan")["text"] == "after: A token for Railway"
    assert step(said, "state")["text"] == "pulumi is logged in nowhere"
    assert railyard.requests() == []


def test_with_everything_set_only_what_no_api_tells_is_left(first: Callable[..., Said], pointed: Point) -> None:
    """Each step is done, or not needed in the sandbox; no value of a token is shown."""
    pointed()

    said = first()

    assert said.code == 0, said.text
    assert {state for name, state in states(said).items() if name not in ("state", "github")} == {"done"}
    assert states(said)["state"] == states(said)["github"] == "not needed"
    assert not [name for name in TOKENS if os.environ[name] in said.text]
    assert "everything is done" in first(options=()).text


def test_a_stack_without_a_bucket_needs_no_digitalocean(first: Callable[..., Said], pointed: Point) -> None:
    """Only the steps that the settings ask for."""
    pointed(DIGITALOCEAN_TOKEN=None, SPACES_ACCESS_KEY_ID=None, SPACES_SECRET_ACCESS_KEY=None)

    said = first("rose")

    assert said.code == 0, said.text
    assert states(said)["digitalocean-token"] == states(said)["spaces-key"] == "not needed"


def test_partly_set(first: Callable[..., Said], pointed: Point) -> None:
    """What has a token is looked at, all else says which one is missing."""
    pointed(CLOUDFLARE_API_TOKEN=None, SPACES_SECRET_ACCESS_KEY=None)

    said = first()

    assert said.code == 1
    to_do = {name: step(said, name)["text"] for name, state in states(said).items() if state == "to do"}
    assert to_do == {
        "cloudflare-token": "CLOUDFLARE_API_TOKEN is not set",
        "cloudflare-zones": "after: A token for Cloudflare",
        "spaces-key": "SPACES_SECRET_ACCESS_KEY is not set",
    }


@pytest.mark.parametrize(
    ("api", "operation", "name", "text", "fix"),
    [
        (
            "cloudflare",
            "tokens/verify",
            "cloudflare-token",
            "Cloudflare refuses CLOUDFLARE_API_TOKEN",
            "make a new one",
        ),
        ("cloudflare", "dns_records", "cloudflare-zones", "DNS records of seance.dev cannot be read", "DNS Edit"),
        ("cloudflare", "settings/ssl", "cloudflare-zones", "the SSL mode of seance.dev", "Zone Settings Edit"),
        ("digitalocean", "cdn/endpoints", "digitalocean-token", "does not work: 403", "spaces_key and cdn"),
    ],
)
def test_rights_that_are_missing_are_named(
    first: Callable[..., Said], railyard: Railyard, pointed: Point,
    api: Api, operation: str, name: str, text: str, fix: str,
) -> None:  # fmt: skip
    """Each step says what the token may not, in the API's words, and which right it lacks."""
    with railyard.world() as world:
        world.fail(api, operation, status=403, count=9)  # of every zone, in whichever order they are asked
        if operation == "tokens/verify":
            world.fail(api, "GET /zones", status=403)
    pointed()

    said = first()

    first_step = step(said, name)
    assert (said.code, first_step["state"]) == (1, "to do")
    assert text in first_step["text"]
    assert fix in first_step["next"]
    assert not [name for name in TOKENS if os.environ[name] in said.text]


def test_a_token_of_a_project_is_too_little(first: Callable[..., Said], railyard: Railyard, pointed: Point) -> None:
    """It works, and makes no project."""
    with railyard.world() as world:
        environment, _ = world.find("rose/web")
        where = {"project_id": environment.project_id, "environment_id": environment.id}
        secret = world.railway.add_token("project", "tests", **where)
    pointed(RAILWAY_API_TOKEN=None, RAILWAY_TOKEN=secret)

    said = first()

    token_step = step(said, "railway-token")
    assert (token_step["state"], "may not create projects" in token_step["text"]) == ("to do", True)
    assert states(said)["first-up"] == "to do"
    assert secret not in said.text


def test_repositories_that_railways_app_does_not_reach(
    first: Callable[..., Said], railyard: Railyard, pointed: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are named; a workspace's token may not ask, and a person looks."""
    with railyard.world() as world:
        repository = next(
            service["source"]["repo"]
            for environment in world.railway.state.environments.values()
            for service in environment.config["services"].values()
            if "repo" in service.get("source", {})
        )
        world.railway.fail(repository, "no-access")
        workspace = world.railway.workspace_token
    pointed()
    refused = step(first(), "github-app")
    monkeypatch.setenv("RAILWAY_API_TOKEN", workspace)
    unknown = step(first(), "github-app")

    assert (refused["state"], unknown["state"]) == ("to do", "by hand")
    assert refused["text"] == f"Railway's GitHub app does not reach {repository}"
    assert repository in unknown["next"]


def test_a_check_that_fails_is_one_step_to_do(first: Callable[..., Said], railyard: Railyard, pointed: Point) -> None:
    """Railway answers about the token and not about the environments: all other steps are shown."""
    with railyard.world() as world:
        world.fail("railway", "query .*environment", status=200, message="Problem processing request", count=99)
    pointed()

    said = first()

    assert [name for name, state in states(said).items() if state == "to do"] == ["first-up"]
    assert "Problem processing request" in step(said, "first-up")["text"]


@pytest.mark.parametrize(
    ("url", "variables", "missing"),
    [
        ("s3://states?region=us-east-1", {}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, PULUMI_CONFIG_PASSPHRASE"),
        ("s3://states", {"AWS_PROFILE": "states"}, "PULUMI_CONFIG_PASSPHRASE"),
        ("http://pulumi.internal", {}, None),
    ],
)
def test_where_states_are_is_read_as_pulumi_reads_it(
    first: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    url: str, variables: dict[str, str], missing: str | None,
) -> None:  # fmt: skip
    """From Pulumi.yaml before the login; the fix names the page that has all variables."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    first()
    with next(tmp_path.glob("project*/Pulumi.yaml")).open("a") as file:
        file.write(f"\nbackend: {{url: '{url}'}}\n")

    state_step = step(first(), "state")

    place = url.partition("?")[0]
    assert state_step["text"] == (
        f"states are in {place}, and {missing} not set" if missing else f"states are at {url}"
    )
    assert ("state.md" in state_step.get("next", "")) == bool(missing)


def test_it_asks_the_accounts(first: Callable[..., Said]) -> None:
    """Without asking there is no first look: both options are refused together."""
    said = first(options=("--offline",))

    assert said.code == 2
    assert "leave --offline out" in said.text + said.errors
