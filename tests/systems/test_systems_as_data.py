"""Systems that stand in the settings alone get what the same systems in Python get, resource for resource."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf import json_format
from pulumi.runtime.mocks import MockMonitor

from railyard.engine.configuration import read_configuration
from stacks import compose, python_systems
from stacks.services import services
from stacks.settings import StackSettings, parse

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "as_data"
TWINS = ("omega", "omnistack", "netia", "rose")


def in_python(stack: str) -> StackSettings:
    """The settings of the project's own stack, of the systems that stand as data, too."""
    config = read_configuration(ROOT, stack).config
    kept = {key: value for key, value in config.items() if key.partition(":")[2] not in {"seance", "reviews"}}
    return parse(kept, python_systems(), file=f"Pulumi.{stack}.yaml")


def as_data(stack: str) -> StackSettings:
    """The same systems, and no class for any of them."""
    file, defaults = f"Pulumi.{stack}.yaml", (DATA / "defaults.yaml").read_text(encoding="utf-8")
    text = (DATA / file).read_text(encoding="utf-8")
    return parse(yaml.safe_load(text)["config"], (), file=file, text=text, defaults=defaults)


Registered = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def registered(deploy, monkeypatch):
    """What a program with these settings registers: URN → inputs, dependencies and protection, as on the wire."""
    monkeypatch.setenv("RAILYARD_SECRETS", str(ROOT / "secrets" / "sandbox.yaml"))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(ROOT / "secrets" / "sandbox.agekey"))
    # There secrets are made up of which the sandbox's file knows nothing.
    monkeypatch.setenv("RAILWAY_API_URL", "http://127.0.0.1:9/graphql/v2")

    original = MockMonitor.RegisterResource

    def run(root: Path, settings: StackSettings) -> Registered:
        found: dict[str, Mapping[str, Any]] = {}

        def register(monitor: MockMonitor, request: Any) -> Any:
            answer = original(monitor, request)
            found[answer.urn] = {
                "inputs": json_format.MessageToDict(request.object),
                "dependencies": sorted(request.dependencies),
                "protect": request.protect,
                "ignoreChanges": sorted(request.ignoreChanges),
            }
            return answer

        with monkeypatch.context() as patched:
            patched.setattr(MockMonitor, "RegisterResource", register)
            patched.chdir(root)
            deploy(lambda: compose(settings))
        return found

    return run


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_a_system_as_data_has_the_resources_of_its_twin_in_python(registered, stack) -> None:
    """The same URNs, inputs, protection and order, for a bot, an API with a worker, Phoenix and a web process."""
    python = registered(ROOT, in_python(stack))
    data = registered(DATA, as_data(stack))

    assert data.keys() == python.keys()
    assert {urn: (data[urn], python[urn]) for urn in data if data[urn] != python[urn]} == {}
    assert {f"railyard:systems:{each.title()}" for each in TWINS} <= {urn.split("::")[2].split("$")[0] for urn in data}


def test_a_system_that_is_refused_ends_the_program_and_deploys_nothing(registered) -> None:
    """Also where services wait for each other's addresses, which they are never told then."""
    web = {"image": "a/b:1", "port": 80, "railwayDomain": True, "variables": {"A": "${{api.B}}", "U": "${self.url}"}}
    api = {"image": "a/b:1", "variables": {"B": "${{web.A}}", "W": "${web.url}"}}
    settings = parse({"railyard:shop": {"services": {"web": web, "api": api}}}, (), file="Pulumi.staging.yaml")

    with pytest.raises(pulumi.RunError, match="refer to each other in a circle"):
        registered(DATA, settings)


def test_a_service_waits_for_one_of_another_system_in_its_project(registered) -> None:
    """Whichever of the systems is composed first, and whatever stands between them: no reference is read too early."""
    shared = {"name": "voice", "environment": "staging"}

    def system(name: str, *, project: Mapping[str, str], **variables: str) -> dict[str, Any]:
        return {"project": project, "services": {name: {"image": "a/b:1", "variables": variables}}}

    systems = {
        "railyard:shop": system("web", project=shared, A="${{api.B}}"),
        "railyard:apart": system("app", project={"name": "apart", "environment": "staging"}),
        "railyard:tools": system("api", project=shared, B="b"),
    }

    made = registered(DATA, parse(systems, (), file="Pulumi.staging.yaml"))

    (web,) = (each["dependencies"] for urn, each in made.items() if urn.endswith("::shop-web-instance"))
    assert [urn for urn in web if urn.endswith("::tools-api-instance")] != []


def test_a_variable_that_is_encrypted_in_the_settings_stays_secret_around_what_it_names(registered) -> None:
    """An encrypted value with an expression in it."""
    web = {"image": "a/b:1", "port": 80, "variables": {"A": "opened for ${self.host}", "B": "${self.host}"}}
    text = 'config: {"railyard:shop": {services: {web: {variables: {A: {secure: sealed}}}}}}'
    settings = parse({"railyard:shop": {"services": {"web": web}}}, (), file="Pulumi.staging.yaml", text=text)

    made = registered(DATA, settings)

    (instance,) = (each["inputs"] for urn, each in made.items() if urn.endswith("::shop-web-instance"))
    assert instance["variables"]["A"]["value"] == "opened for web.railway.internal"
    assert instance["variables"]["B"] == "web.railway.internal"


def test_a_private_image_and_sealed_secrets(registered) -> None:
    """The registry's password is a secret; what is sealed is so in each variable that holds it, and no other."""
    web = {
        "image": "ghcr.io/acme/web:1",
        "registryUsername": "acme",
        "registryPassword": "GHCR",
        "variables": {"URL": "${postgres.url}", "HOST": "${postgres.host}", "AUTH": "Bearer ${secrets.TOKEN}"},
        "secrets": ["TOKEN"],
    }
    shop = {
        "sealed": ["POSTGRES_PASSWORD", "TOKEN"],
        "services": {"web": web},
        "databases": {"postgres": {}},
        "secrets": {"GHCR": {"meaning": "a token"}, "TOKEN": {"meaning": "a token"}},
    }
    settings = parse({"railyard:shop": shop}, (), file="Pulumi.staging.yaml")

    made = registered(DATA, settings)

    inputs = {urn.rsplit("::", 1)[1]: each["inputs"] for urn, each in made.items()}
    assert inputs["shop-web-instance"]["registryCredentials"]["username"] == "acme"
    assert inputs["shop-web-instance"]["sealed"] == ["AUTH", "TOKEN", "URL"]
    assert inputs["shop-postgres-instance"]["sealed"] == ["POSTGRES_PASSWORD"]


def test_the_example_of_the_page_on_adding_a_system_is_read() -> None:
    """With a value for each of its expressions."""
    page = (ROOT / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
    block = page.split("## Without Python", 1)[1].split("```yaml\n", 1)[1].split("```", 1)[0]

    settings = parse(yaml.safe_load(block), python_systems(), file="Pulumi.staging.yaml")

    assert [each.name for each in services(settings.systems["shop"])] == ["web", "worker", "postgres", "redis"]
