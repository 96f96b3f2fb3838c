"""Files that describe the same service, or services of one name: nothing of them is lost without a word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.operations_migrate.conftest import Said


def test_what_a_compose_file_says_of_a_service_joins_its_railway_file(migrated: Callable[..., Said]) -> None:
    """Where both say something the railway.toml wins, and the key of the compose file is said to be outweighed."""
    compose = """
    services:
      web:
        image: ghost:5
        command: serve
        restart: always
        stop_grace_period: 30s
    """
    said = migrated({"compose.yaml": compose, "railway.toml": "[deploy]\nstartCommand = 'x'\ndrainingSeconds = 5\n"})

    assert said.settings() == {
        "repo": "acme/shop", "startCommand": "x", "restartPolicyType": "ALWAYS", "drainingSeconds": 5,
    }  # fmt: skip
    assert said.becomes("services.web.restart")[0] == "translated"
    for key in ("image", "command", "stop_grace_period"):
        assert said.becomes(f"services.web.{key}") == (
            "never read", "railway.toml describes the service, and wins over it",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "services"),
    [
        (
            {"a/Procfile": "web: x\nworker: y\n", "b/Procfile": "web: x\nworker: z\n"},
            {"a": "x", "worker": "y", "b": "x", "worker-2": "z"},
        ),
        (
            {"a/railway.toml": "[deploy]\nstartCommand='x'\n", "b/a/railway.toml": "[deploy]\nstartCommand='y'\n"},
            {"a": "x", "a-2": "y"},
        ),
        (
            {"compose.yaml": "services: {Web_1: {image: a, command: x}, web-1: {image: a, command: y}}"},
            {"web-1": "x", "web-1-2": "y"},
        ),
        ({"compose.yaml": "services: {project: {image: a, command: x}}"}, {"project-2": "x"}),
        (
            {"compose.yaml": "services: {web: {build: ./web, command: y}}", "Procfile": "web: x\n"},
            {"web": "x", "web-2": "y"},
        ),
        (
            {
                "compose.yaml": "services: {api: {build: .}, jobs: {build: ., command: y}}",
                "railway.toml": "[deploy]\nstartCommand = 'x'\n",
            },
            {"web": "x", "api": None, "jobs": "y"},
        ),
    ],
)
def test_a_name_that_is_taken_becomes_another(
    migrated: Callable[..., Said], files: dict[str, str], services: dict[str, str | None]
) -> None:
    """Two services of one name, and one called like the project's key, are all in the settings."""
    said = migrated(files)

    settings = said.json["settings"]["production"]
    assert settings["project"] == {"name": "shop-production", "environment": "production"}
    assert {name: each.get("startCommand") for name, each in settings.items() if name != "project"} == services
    renamed = [each for each in said.json["findings"] if each["key"] == "(the name)"]
    assert len(renamed) == sum(name.endswith("-2") for name in services)


def test_a_process_whose_service_has_a_file_of_its_own_is_named(migrated: Callable[..., Said]) -> None:
    """The railway.worker.toml describes the service, so that no second one is started."""
    said = migrated({"Procfile": "web: x\nworker: y\n", "railway.worker.toml": "[deploy]\nstartCommand = 'z'\n"})

    assert said.settings(service="worker")["startCommand"] == "z"
    assert said.becomes("worker") == ("never read", "the service worker is that of railway.worker.toml")


@pytest.mark.parametrize(
    ("body", "key", "reason"),
    [
        ("image: a, stop_grace_period: 2h", "stop_grace_period", "between 0 and 3600 seconds"),
        ("image: a, environment: {A-B: x}", "environment.A-B", "a variable name"),
        ("image: a, environment: {PORT: http}", "environment.PORT", "the setting port says it"),
        ("image: a, ports: ['70000']", "ports[0]", "single TCP ports"),
        ("image: a, ports: ['8080:8080'], environment: {PORT: 3000}", "ports[0]", "leads to one port"),
        ("image: a, mem_limit: 1k", "mem_limit", "memoryMb: 1: it must be between 100"),
        ("image: a, cpus: 0", "cpus", "vcpus: 0: it must be between 0.1"),
        ("image: a, volumes: ['data:/']", "volumes[0]", "the path of a volume must"),
        ("image: a, volumes: ['data:/x'], deploy: {replicas: 2}", "deploy.replicas", "with a volume has 1 replica"),
        ("image: a, command: [echo, '${UNKNOWN}']", "command", "the value of a variable"),
        ("build: ../web", "build.context", "../web is not a folder of the repository"),
        ("build: 'https://github.com/a/b.git'", "build.context", "is not a folder of the repository"),
    ],
)
def test_a_value_of_compose_that_settings_refuse_is_named_at_its_own_key(
    migrated: Callable[..., Said], body: str, key: str, reason: str
) -> None:
    """One finding for each key: what is not in the settings is not said to be translated as well."""
    said = migrated({"compose.yaml": f"services: {{web: {{{body}}}}}"})

    kind, text = said.becomes(f"services.web.{key}")
    assert (kind, reason in text) == ("not expressible", True), text
    assert all(each["key"].startswith("services.web.") for each in said.json["findings"])


def test_what_compose_reads_in_a_command_is_read(migrated: Callable[..., Said]) -> None:
    """Two dollar signs are one to the program, a default replaces its variable, and a name beside build is no image."""
    body = "{build: ., image: shop, command: [echo, $$HOME, '${X:-y z}'], healthcheck: {disable: true}}"
    said = migrated({"compose.yaml": f"services: {{web: {body}}}"})

    assert said.settings() == {"repo": "acme/shop", "builder": "DOCKERFILE", "startCommand": "echo '$HOME' 'y z'"}
    assert said.becomes("services.web.image")[0] == "never read"
    assert said.becomes("services.web.healthcheck")[0] == "translated"


@pytest.mark.parametrize(
    ("text", "key", "becomes"),
    [
        ('{"environments": "production"}', "environments", ("never read", "it is not a table of environments")),
        (
            '{"environments": {"": {"deploy": {"startCommand": "b"}}}}',
            "environments.",
            ("not expressible", "rename it"),
        ),
        ('{"deploy": {"preDeployCommand": []}}', "deploy.preDeployCommand", ("translated", "left out")),
    ],
)
def test_environments_of_a_wrong_form_are_named(
    migrated: Callable[..., Said], text: str, key: str, becomes: tuple[str, str]
) -> None:
    """A block without a name is not the base of the file, and an empty list of commands is none."""
    said = migrated({"railway.json": text})

    kind, reason = said.becomes(key)
    assert (kind, becomes[1] in reason) == (becomes[0], True), reason
    assert said.settings() == {"repo": "acme/shop"}
