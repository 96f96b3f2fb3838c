"""``railyard doctor``: what is wrong is found, and said with the way to mend it."""

from __future__ import annotations

import shutil
from copy import copy
from importlib.metadata import version
from pathlib import Path

import pytest

from railyard.engine import pulumi_cli
from tests.lifecycle.conftest import ROOT
from tests.operations.conftest import Railyard
from tests.railyard_command import Said


def problems(said: Said, area: str | None = None) -> list[str]:
    """The texts of the problems, of one area or all."""
    problem_findings = [each for each in said.json["findings"] if each["level"] == "problem"]
    assert all(each["fix"] for each in problem_findings)
    return [each["text"] for each in problem_findings if area in (None, each["area"])]


def texts(said: Said, area: str) -> str:
    """All that is said of an area."""
    return "\n".join(each["text"] for each in said.json["findings"] if each["area"] == area)


def other_settings(directory: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Let the command read settings that differ in one text."""
    shutil.copytree(ROOT / "secrets", directory / "secrets")
    text = (ROOT / "Pulumi.staging.yaml").read_text()
    assert old in text
    (directory / "Pulumi.staging.yaml").write_text(text.replace(old, new))
    for name in ("Pulumi.yaml", "defaults.yaml"):
        shutil.copy(ROOT / name, directory)
    monkeypatch.setenv("RAILYARD_PROJECT", str(directory))


def test_a_set_up_that_is_in_order(railyard: Railyard) -> None:
    """Nothing to mend, every area was looked at, and nothing was changed."""
    said = railyard.run("doctor", "--json")

    assert said.code == 0, said.text
    areas = {each["area"] for each in said.json["findings"]}
    assert areas == {"tools", "settings", "secrets", "railway", "plan", "config as code", "zones", "bucket"}
    assert not [each for each in railyard.requests() if "mutation" in each or " PUT " in each or " POST /" in each]
    assert "nothing has to be fixed" in railyard.run("doctor").text


def test_without_a_network(railyard: Railyard) -> None:
    """The half that needs none is there; asked for alone, nobody is asked."""
    said = railyard.run("doctor", "--offline", "--json")

    assert said.code == 0
    assert {each["area"] for each in said.json["findings"]} == {"tools", "settings", "secrets"}
    assert railyard.requests() == []


def test_an_api_that_cannot_be_reached(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could be found out without it is still said."""
    monkeypatch.setenv("RAILWAY_API_URL", "http://127.0.0.1:9/graphql/v2")
    monkeypatch.setenv("RAILWAY_API_TOKEN", "any")
    monkeypatch.setenv("RAILWAY_SANDBOX_SPEED", "1000")

    said = railyard.run("doctor", "--json")

    assert said.code == 1
    assert "could not be reached" in problems(said, "railway")[0]
    assert texts(said, "secrets")


def test_the_program_that_make_tools_installed_is_found(
    railyard: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies beside PATH, where the other commands look for it as well."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    program = pulumi_cli.tools_directory() / "bin" / "pulumi"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho v{version('pulumi')}\n")
    program.chmod(0o755)

    said = railyard.run("doctor", "--offline", "--json")

    assert f"pulumi {version('pulumi')}, {program}" in texts(said, "tools")


def test_a_plugin_on_path_is_compared_with_the_one_that_its_package_asks_for(
    railyard: Railyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi takes whichever lies there, in any version: another one is told, with the way to the right one."""
    wanted = pulumi_cli.plugin_versions()
    for name, said_version in (("cloudflare", "v5.1.0"), ("digitalocean", f"v{wanted['digitalocean']}")):
        program = tmp_path / f"pulumi-resource-{name}"
        program.write_text(f"#!/bin/sh\necho {said_version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    said = railyard.run("doctor", "--offline", "--json")

    (told,) = problems(said, "tools")
    assert "pulumi-resource-cloudflare, which is 5.1.0, and the package pulumi_cloudflare asks for" in told
    assert f"pulumi-resource-digitalocean {wanted['digitalocean']}" in texts(said, "tools")


def test_a_real_account_without_anything(railyard: Railyard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing tokens, secrets file and program, each with the way to get it."""
    monkeypatch.setenv("RAILWAY_API_TOKEN", "planted-token")
    monkeypatch.setenv("RAILWAY_TOKEN", "planted-project-token")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", "/nowhere")

    said = railyard.run("doctor", "--offline", "--json")

    assert said.code == 1
    assert "there is no pulumi, and a real account needs it" in problems(said, "tools")
    assert problems(said, "secrets") == ["secrets/staging.yaml does not exist"]
    missing = problems(said, "tokens")
    assert "RAILWAY_API_TOKEN and RAILWAY_TOKEN are both set, and Railway takes one" in missing
    assert "CLOUDFLARE_API_TOKEN is not set" in missing
    assert "planted" not in said.text


def test_a_dead_railway_token(railyard: Railyard, pointed) -> None:
    """One problem; the other clouds are asked all the same."""
    pointed(RAILWAY_API_TOKEN="planted-dead-token")

    said = railyard.run("doctor", "--json")

    assert said.code == 1
    assert problems(said) == ["Railway refuses the token"]
    assert "seance.dev is" in texts(said, "zones")
    assert "planted-dead-token" not in said.text


@pytest.mark.parametrize(
    ("kind", "says"), [("workspace", "a workspace token of Sandbox"), ("project", "a project token")]
)
def test_what_a_smaller_token_may_not_do(railyard: Railyard, pointed, kind: str, says: str) -> None:
    """Both kinds work, within limits that are said."""
    with railyard.world() as world:
        environment, _ = world.find("rose/web")
        if kind == "workspace":
            secret = world.railway.workspace_token
        else:
            where = {"project_id": environment.project_id, "environment_id": environment.id}
            secret = world.railway.add_token("project", "tests", **where)
    variables = {"RAILWAY_API_TOKEN": secret} if kind == "workspace" else {"RAILWAY_TOKEN": secret}
    pointed(**{"RAILWAY_API_TOKEN": None, **variables})

    said = railyard.run("doctor", "--json")

    assert says in texts(said, "railway")
    assert "may not" in texts(said, "railway")
    assert secret not in said.text


@pytest.mark.parametrize(
    ("variable", "kind", "fix"),
    [
        ("RAILWAY_TOKEN", "workspace", "put it into RAILWAY_API_TOKEN"),
        ("RAILWAY_API_TOKEN", "project", "put it into RAILWAY_TOKEN"),
        ("RAILWAY_TOKEN", "none", "it was revoked or mistyped; make another one in the settings of the project"),
    ],
)
def test_a_token_of_the_other_kind_is_no_mistyped_one(
    railyard: Railyard, pointed, variable: str, kind: str, fix: str
) -> None:
    """Railway refuses it alike; in which variable it belongs is found out and said."""
    with railyard.world() as world:
        environment, _ = world.find("rose/web")
        where = {"project_id": environment.project_id, "environment_id": environment.id}
        known = {"workspace": world.railway.workspace_token, "none": "00000000-0000-0000-0000-000000000000"}
        secret = known.get(kind) or world.railway.add_token("project", "tests", **where)
    pointed(**{"RAILWAY_API_TOKEN": None, variable: secret})

    said = railyard.run("doctor", "--json")

    assert problems(said, "railway") == ["Railway refuses the token"]
    assert [fix in each["fix"] for each in said.json["findings"] if each["text"] == "Railway refuses the token"] == [
        True
    ]
    assert secret not in said.text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (None, "the token reaches several workspaces, and not every project says in which it is"),
        ("railway:workspaceId: 0ther", "the token does not reach the workspace 0ther of the settings"),
        ("railway:workspaceId: {first}", None),
    ],
)
def test_the_workspace_of_the_settings_is_one_that_the_token_reaches(
    railyard: Railyard, pointed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str | None, says: str | None
) -> None:
    """An up would be refused by Railway, or not know where to make its projects."""
    with railyard.world() as world:
        (first,) = world.railway.state.workspaces.values()
        second = copy(first)
        second.id, second.name = "5ec0nd00-0000-4000-8000-000000000002", "Second"
        world.railway.state.workspaces[second.id] = second
    plan = "  railway:plan: hobby\n"
    more = f"  {line.format(first=first.id)}\n" if line else ""
    other_settings(tmp_path / "settings", monkeypatch, plan, plan + more)
    pointed()

    said = railyard.run("doctor", "-s", "staging", "--json")

    assert problems(said, "railway") == ([says] if says else [])


def test_a_zone_id_of_another_zone(railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The ids were mixed up."""
    old, new = "5ea9ce0de7000000000000000000d001", "03915fac000000000000000000000e02"
    other_settings(tmp_path / "settings", monkeypatch, old, new)

    said = railyard.run("doctor", "--json")

    assert problems(said, "zones") == ["the id of seance.dev belongs to omnistack.example"]


def test_a_zone_that_the_token_does_not_reach(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An id that no zone has, or a token for other zones: Cloudflare's words are quoted."""
    other_settings(
        tmp_path / "settings", monkeypatch, "5ea9ce0de7000000000000000000d001", "5ea9ce0de7000000000000000000dead"
    )

    (text,) = problems(railyard.run("doctor", "--json"), "zones")

    assert "seance.dev (5ea9ce0de7000000000000000000dead) cannot be read" in text


def test_an_ssl_mode_that_breaks_proxied_names(railyard: Railyard) -> None:
    """Somebody changed it by hand."""
    with railyard.world() as world:
        zone = next(zone["id"] for zone in world.cloudflare.zones() if zone["name"] == "seance.dev")
        world.cloudflare.change_setting(zone, "ssl", "flexible")

    (text,) = problems(railyard.run("doctor", "--json"), "zones")

    assert "seance.dev has SSL mode flexible" in text


def test_a_plan_that_is_smaller_than_the_settings_say(railyard: Railyard) -> None:
    """Railway would refuse it after other things were made: each setting that is beyond it is named."""
    with railyard.world() as world:
        world.railway.state.plan = "free"

    said = railyard.run("doctor", "--json")

    plan_problems = "\n".join(problems(said, "plan"))
    assert said.code == 1
    assert "has the free plan, railway:plan says hobby" in plan_problems
    assert "omnistack = 2: the free plan allows 1 volumes in a project" in plan_problems
    assert "rose.web.memoryMb = 1024: the free plan allows 500 MB of memory for a service" in plan_problems


def test_services_that_still_read_a_railway_toml(railyard: Railyard) -> None:
    """By the path in the service's settings, and by what the newest deployment took from a file."""
    with railyard.world() as world:
        environment, service = world.find("seance/landing")
        environment.config["services"][service.id]["configFile"] = "/landing/railway.json"
        world.newest("rose/web").meta |= {
            "configFile": "railway.toml",
            "propertyFileMapping": {"deploy.startCommand": "$.deploy.startCommand"},
            "serviceManifest": {"deploy": {"startCommand": "npm start"}},
        }

    said = railyard.run("doctor", "--json")
    landing, web = problems(said, "config as code")

    assert landing.startswith("seance/landing: /landing/railway.json is set as its config-as-code file")
    assert web.startswith("rose/web: railway.toml decides deploy.startCommand. Railway stops reading")
    assert "2026-12-01" in web
    assert 'write startCommand: \\"npm start\\" under rose.web in the stack' in said.text
    assert "migrate --to-railway --project rose-staging" in said.text


def test_a_spaces_key_without_rights(railyard: Railyard, pointed) -> None:
    """A key that Spaces does not know."""
    pointed(SPACES_ACCESS_KEY_ID="DO00UNKNOWN")

    (text,) = problems(railyard.run("doctor", "--json"), "bucket")

    assert text == "the Spaces key may not use seance-cdn-staging, or it is somebody else's"


def test_a_digitalocean_token_that_is_refused(railyard: Railyard) -> None:
    """DigitalOcean's own words are quoted."""
    with railyard.world() as world:
        world.fail("digitalocean", "spaces/keys", status=401)

    (text,) = problems(railyard.run("doctor", "--json"), "bucket")

    assert text == "DIGITALOCEAN_TOKEN does not work: 401 simulated failure 401"


def test_a_cloud_that_does_not_answer_is_not_one_that_refuses(railyard: Railyard) -> None:
    """Nobody makes new tokens or compares ids for an API that is down."""
    with railyard.world() as world:
        world.fail("digitalocean", "spaces/keys", status=503)
        world.fail("cloudflare", "GET /zones", drop=True, count=99)

    said = railyard.run("doctor", "--json")

    texts = problems(said, "bucket") + problems(said, "zones")
    assert "DIGITALOCEAN_TOKEN was not checked: 503 simulated failure 503" in texts
    assert any(text.startswith("seance.dev (") and "cannot be read: no answer (" in text for text in texts)
    fixes = {each["fix"] for each in said.json["findings"] if each["level"] == "problem"}
    assert fixes == {"check the network, and run doctor again"}


def test_a_token_with_a_character_that_no_token_has(railyard: Railyard, pointed) -> None:
    """Copied with an ellipsis: the variable is named, and nothing is sent."""
    pointed(CLOUDFLARE_API_TOKEN="planted…", DIGITALOCEAN_TOKEN="planted\n")

    said = railyard.run("doctor", "--json")

    for variable, area in (("CLOUDFLARE_API_TOKEN", "zones"), ("DIGITALOCEAN_TOKEN", "bucket")):
        assert f"{variable} holds spaces, line breaks or characters that no token has" in problems(said, area)[0]
    assert "planted" not in said.text


def test_clouds_are_checked_when_railway_fails(railyard: Railyard) -> None:
    """The token is good and a later read is not: what Cloudflare and Spaces say is shown all the same."""
    with railyard.world() as world:
        world.fail("railway", "query .*environment", status=200, message="Problem processing request", count=99)

    said = railyard.run("doctor", "--json")

    assert "Problem processing request" in problems(said, "railway")[0]
    assert "seance.dev is" in texts(said, "zones")
    assert "is in sfo3" in texts(said, "bucket")


def test_a_key_that_does_not_open_the_secrets(
    railyard: Railyard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Names can be checked without a key, values cannot, and an up could not either."""
    shutil.copytree(ROOT / "secrets", tmp_path / "settings" / "secrets")
    for name in ("Pulumi.yaml", "defaults.yaml", "Pulumi.staging.yaml"):
        shutil.copy(ROOT / name, tmp_path / "settings")
    monkeypatch.setenv("RAILYARD_PROJECT", str(tmp_path / "settings"))
    shutil.copy(ROOT / "secrets" / "sandbox.yaml", tmp_path / "settings" / "secrets" / "staging.yaml")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("RAILWAY_API_TOKEN", "any")

    said = railyard.run("doctor", "--offline", "--json")

    assert any("only names were checked" in text for text in problems(said, "secrets"))


def test_the_list_for_people(railyard: Railyard) -> None:
    """Problems are counted, and each is followed by its remedy."""
    with railyard.world() as world:
        world.railway.state.plan = "free"

    said = railyard.run("doctor")

    assert said.code == 1
    assert "set railway:plan to free in Pulumi.staging.yaml" in said.text
    assert said.text.splitlines()[-1].endswith("problems to fix")
