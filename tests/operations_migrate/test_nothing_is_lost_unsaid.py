"""What a file says and settings cannot is named, and never shown where it is a credential."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from pulumiverse_railway.provider.resources.shared.instance_inputs import ServiceInstanceInputs
from railyard.migrate.railway_file import DIRECT
from tests.operations_migrate.conftest import Said

ADDRESS = "postgres://u:hunter2hunter2@db/x"


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ({"railway.toml": "[deploy.multiRegionConfig.us-west2]\nnumReplicas = 0\n"}, "deploy.multiRegionConfig"),
        (
            {"railway.toml": "[deploy.multiRegionConfig]\nus-west2 = {numReplicas = 0}\neurope-west4-drams3a = {}\n"},
            "deploy.multiRegionConfig",
        ),
        ({"railway.json": '{"deploy": {"numReplicas": 0}}'}, "deploy.numReplicas"),
        ({"railway.json": '{"deploy": {"numReplicas": "0"}}'}, "deploy.numReplicas"),
        ({"compose.yaml": "services: {web: {image: a, deploy: {replicas: 0}}}"}, "services.web.deploy.replicas"),
        ({"compose.yaml": 'services: {web: {image: a, deploy: {replicas: "0"}}}'}, "services.web.deploy.replicas"),
    ],
)
def test_a_stopped_service_is_no_running_one(migrated: Callable[..., Said], files: dict[str, str], key: str) -> None:
    """No replicas are not one: no setting says it, and the proof tells both numbers."""
    said = migrated(files)

    assert said.becomes(key)[0] == "not expressible"
    assert "a stopped one" in said.becomes(key)[1]
    assert (said.code, said.json["proven"]) == (1, False)
    (difference,) = said.json["differences"]
    assert difference["key"] == "replicas"
    assert 0 in difference["before"].values()
    assert 0 not in difference["after"].values()


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ({"railway.toml": f'[deploy]\nstartCommand = "psql {ADDRESS}"\n'}, "deploy.startCommand"),
        ({"railway.json": f'{{"deploy": {{"preDeployCommand": ["a", "psql {ADDRESS}"]}}}}'}, "deploy.preDeployCommand"),
        (
            {"railway.toml": f'[environments.staging.build]\nbuildCommand = "x {ADDRESS}"\n'},
            "environments.staging.build.buildCommand",
        ),
        ({"railway.toml": f'[deploy]\nnumReplicas = "{ADDRESS}"\n'}, "deploy.numReplicas"),
        ({"Procfile": f"web: psql {ADDRESS}\n"}, "web"),
        ({"Procfile": f"web: x\nworker: psql {ADDRESS}\n"}, "worker"),
        ({"compose.yaml": f"services: {{web: {{image: a, command: 'psql {ADDRESS}'}}}}"}, "services.web.command"),
    ],
)
def test_a_credential_in_a_command_is_not_shown_and_is_no_setting(
    migrated: Callable[..., Said],
    railyard: Callable[..., Said],
    folder: Callable[..., Path],
    files: dict[str, str],
    key: str,
) -> None:
    """It is said what to do, a secret variable; settings would be refused with it."""
    said = migrated(files)
    text = railyard("migrate", folder(files), "--repo", "acme/shop")

    kind, reason = said.becomes(key)
    assert kind == "not expressible"
    assert "make it a secret of the system" in reason or "not a whole number" in reason
    assert "hunter2" not in said.text + said.errors + text.text + text.errors
    assert said.json["proven"] == ("numReplicas" in key)
    assert "Command" not in str(said.json["settings"]) or "worker" in key


@pytest.mark.parametrize(
    ("files", "key", "reason"),
    [
        ({"railway.toml": "[deploy]\nstartCommand = 2026-01-01\n"}, "deploy.startCommand", "is not a string"),
        ({"railway.toml": "[deploy]\nnumReplicas = 2026-01-01T00:00:00Z\n"}, "deploy.numReplicas", "a whole number"),
        ({"railway.toml": "[deploy]\npreDeployCommand = [07:32:00]\n"}, "deploy.preDeployCommand", "not a command"),
        ({"railway.toml": "[build]\nbuilder = 2026-01-01\n"}, "build.builder", "is not one of"),
        ({"railway.toml": "[build]\nwatchPatterns = [2026-01-01]\n"}, "build.watchPatterns", "a list of patterns"),
        ({"railway.toml": "[deploy]\nruntime = 2026-01-01\n"}, "deploy.runtime", "no setting says this"),
        (
            {"railway.toml": "[deploy.multiRegionConfig]\nus-west2 = 2026-01-01\n"},
            "deploy.multiRegionConfig",
            "not a table",
        ),
        (
            {"railway.toml": "[deploy.multiRegionConfig.us-west2]\nnumReplicas = 1.5\n"},
            "deploy.multiRegionConfig",
            "whole",
        ),
        (
            {"railway.toml": "[deploy.limitOverride.containers]\nmemoryBytes = 07:32:00\n"},
            "deploy.limitOverride",
            "a number",
        ),
        ({"railway.toml": "[deploy.limitOverride.containers]\ncpu = nan\n"}, "deploy.limitOverride", "not a number"),
        ({"railway.json": '{"deploy": {"limitOverride": {"containers": 3}}}'}, "deploy.limitOverride", "not a table"),
        ({"railway.json": '{"deploy": {"numReplicas": "²"}}'}, "deploy.numReplicas", "not a whole number"),
    ],
)
def test_a_value_of_another_type_is_named_with_its_key(
    migrated: Callable[..., Said], files: dict[str, str], key: str, reason: str
) -> None:
    """Dates and times of TOML included: no traceback, and the key says what it should be."""
    kind, text = migrated(files).becomes(key)

    assert (kind, reason in text) == ("not expressible", True), text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "railway.json",
            '{"deploy": {"a":\n' + "[" * 3000 + "]" * 3000 + "}}",
            "railway.json, line 2: a is nested more",
        ),
        ("railway.json", '{"a":' * 3000 + "1" + "}" * 3000, "a is nested more than 100 levels deep: make it flatter"),
        ("railway.toml", "[deploy]\nb = " + "[" * 3000 + "]" * 3000, "railway.toml, line 2: b is nested more than 100"),
        ("railway.toml", "deploy" + ".x" * 3000 + " = 1", "railway.toml: deploy is nested more than 100 levels deep"),
        ("railway.json", '{"a": [' + "1," * 100_000 + "1]}", "has more than 100,000 values: make it smaller"),
        ("nixpacks.toml", "a = " + "[" * 3000 + "]" * 3000, "nixpacks.toml, line 1: a is nested more than 100"),
    ],
)
def test_a_file_that_is_too_deep_or_too_large_is_refused(
    railyard: Callable[..., Said], folder: Callable[..., Path], name: str, text: str, message: str
) -> None:
    """With file and key, at the limits of settings; what stands in texts is not counted."""
    said = railyard("migrate", folder({name: text}), "--repo", "acme/shop")

    assert (said.code, message in " ".join(said.errors.split())) == (1, True), said.errors[:300]
    fine = folder({name: '[deploy]\nstartCommand = "' + "[" * 300 + "\"\n# '" + "[" * 300})
    if name == "railway.toml":
        assert railyard("migrate", fine, "--repo", "acme/shop").code == 0


def test_lines_that_set_nothing_are_named(migrated: Callable[..., Said]) -> None:
    """By their number, since an .env file's may hold a secret; of what stands twice the last counts."""
    said = migrated(
        {
            ".env": "# why\nA=1\nD_do_not_show\n=do_not_show\n1X=do_not_show\n\nB='two\nlines'\nA=3\n",
            ".env.local": "do_not_show\n",
            "Procfile": "# why\nweb: a\nbad line\nworker:\nweb: b\n",
            "railway.json": '{"deploy": {"drainingSeconds": 1, "drainingSeconds": 2}, "build": {}, "build": {}}',
        }
    )

    named = {(each["file"], each["key"]) for each in said.json["findings"]}
    assert {key for file, key in named if file == ".env"} == {"A", "B", "line 2", "line 3", "line 4", "line 5"}
    assert (".env.local", "line 1") in named
    assert {key for file, key in named if file == "Procfile"} == {"web", "line 2", "line 3", "line 4"}
    assert said.becomes("deploy.drainingSeconds (not the last)")[0] == "never read"
    assert said.becomes("build (not the last)")[0] == "never read"
    assert said.settings()["drainingSeconds"] == 2
    assert "do_not_show" not in said.text + said.errors


def test_a_service_without_image_or_build_is_left_out(migrated: Callable[..., Said]) -> None:
    """It is named, and stands in no settings with the repository of others."""
    said = migrated({"compose.yaml": "services:\n  n: {command: x}\n  v: {image: '$X'}\n  w: {image: a}\n"})

    assert list(said.json["settings"]["production"]) == ["project", "w"]
    assert said.becomes("services.n.image")[0] == said.becomes("services.v.image")[0] == "not expressible"
    assert said.becomes("services.n.command") == ("not expressible", "the service is left out")
    assert not migrated({"compose.yaml": "services: {n: {command: x}}"}).json["proven"]


def test_an_environment_that_no_stack_can_be_named_after_is_named(migrated: Callable[..., Said]) -> None:
    """Neither its file nor its project would be accepted."""
    said = migrated({"railway.toml": '[environments."weird name".deploy]\nstartCommand = "x"\n'})

    assert list(said.json["settings"]) == ["production"]
    assert "rename it on Railway first" in said.becomes("environments.weird name")[1]
    refused = migrated({}, "--environment", "weird name")
    assert (refused.code, "is not a valid name of a project" in refused.text) == (2, True), refused.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cpus", "many"), ("healthcheck", "3"), ("healthcheck", "{test: 'curl http://localhost/a', retries: x}"),
        ("deploy", "[1]"), ("deploy", "{resources: {limits: {cpus: x}}}"), ("ports", "3"), ("volumes", "7"),
        ("environment", "3"),
    ],
)  # fmt: skip
def test_a_value_that_compose_does_not_know_is_named(migrated: Callable[..., Said], key: str, value: str) -> None:
    """By its key and without a traceback; the rest of the service is translated."""
    said = migrated({"compose.yaml": f"services:\n  w: {{image: a, {key}: {value}}}\n  n: text\n"})

    assert said.becomes(f"services.w.{key}") == (
        "not expressible", "its value has no form that compose knows: correct it",
    )  # fmt: skip
    assert said.settings(service="w")["image"] == "a:latest"
    assert "n" not in said.json["settings"]["production"]


@pytest.mark.parametrize("value", [pytest.param(5, id="a number"), pytest.param(True, id="true or false")])
def test_every_setting_is_read_by_the_type_of_its_declaration(migrated: Callable[..., Said], value: object) -> None:
    """Of all keys that are a setting as they stand: a value of its type is taken over, one of another is named."""
    declared = get_type_hints(ServiceInstanceInputs)
    paths = {
        path: get_args(declared[setting.name])
        for path, setting in DIRECT.items()
        if setting.choices is None and setting.form is None and setting.name != "watch_patterns"
    }
    document: dict[str, dict[str, object]] = {section: {} for section, _ in paths}
    for section, key in paths:
        document[section][key] = value

    said = migrated({"railway.json": json.dumps(document)})

    wrong = {path for path in paths if "is not" in said.becomes(".".join(path))[1]}
    assert wrong == {path for path, types in paths.items() if type(value) not in types}


@pytest.mark.parametrize(
    ("deploy", "key"),
    [
        ({"preDeployTimeoutSeconds": 60}, "deploy.preDeployTimeoutSeconds"),
        (
            {"cronSchedule": "0 3 * * *", "multiRegionConfig": {"us-west2": {}, "europe-west4-drams3a": {}}},
            "deploy.cronSchedule",
        ),
    ],
)
def test_a_setting_that_contradicts_others_is_named(
    migrated: Callable[..., Said], deploy: dict[str, object], key: str
) -> None:
    """What the settings' rules refuse beside the others is left out, and the rest of the file is taken over."""
    said = migrated({"railway.json": json.dumps({"deploy": {"startCommand": "run", **deploy}})})

    assert said.becomes(key)[0] == "not expressible"
    assert said.becomes("deploy.startCommand")[0] == "translated"
